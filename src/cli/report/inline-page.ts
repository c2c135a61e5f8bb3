import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A file of the page folder. */
export function pageFile(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
}

/**
 * Modules of the page folder as one script in one closure, in the order in which they need each other, without their
 * imports and exports.
 *
 * @param before source that stands in front of them
 */
export function pageScript(files: readonly string[], before: string): string {
  const sources = files.map((name) =>
    pageFile(name)
      .replace(/^import [^;]*;\n/gm, '')
      .replace(/^export /gm, ''),
  );
  return `(() => {\n'use strict';\n${before}\n${sources.join('\n')}})();\n`;
}

/** A script must not hold the text that would end it. */
export function inlineScript(source: string): string {
  return source.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}

/** A policy that lets a page run these scripts and nothing else, and reach no network. */
export function pagePolicy(scripts: readonly string[]): string {
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return `default-src 'none'; script-src ${hashes.join(' ')}; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;
}
