import { readdirSync, readFileSync } from 'node:fs';
import { posix, relative, sep } from 'node:path';
import { findCircles } from './import-circles.ts';
import { type FoundImport, lineAt, type ScannedSource, scanSource } from './source-scanner.ts';

/** Text by path from the project's root, with forward slashes. */
export type SourceTree = ReadonlyMap<string, string>;

/** A rule of the house that a file breaks. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

/** Which folders of `src/` each folder may import besides itself: docs/architecture.md, "Who may import whom". */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  foundation: [],
  domain: ['foundation'],
  indicators: ['foundation'],
  statistics: ['domain', 'foundation'],
  market: ['domain', 'foundation'],
  risk: ['domain', 'foundation'],
  execution: ['domain', 'foundation'],
  bus: ['domain', 'foundation'],
  store: ['domain', 'foundation'],
  protocol: ['domain', 'foundation'],
  strategy: ['domain', 'indicators', 'market', 'foundation'],
  engine: ['domain', 'market', 'strategy', 'risk', 'foundation'],
  providers: ['domain', 'market', 'execution', 'foundation'],
  backtest: ['engine', 'execution', 'market', 'statistics', 'strategy', 'domain', 'bus', 'foundation'],
  learning: ['engine', 'execution', 'market', 'statistics', 'strategy', 'domain', 'foundation'],
  live: ['engine', 'execution', 'market', 'indicators', 'bus', 'store', 'domain', 'foundation'],
  server: ['protocol', 'bus', 'store', 'foundation'],
  // The judge of orders and fills shares nothing with what it judges.
  exchange: ['foundation'],
  app: ['*', 'the public face'],
  // Reports are drawn from statistics and views: docs/decisions tells why.
  cli: ['app', 'statistics', 'protocol', 'domain', 'foundation'],
  // src/index.ts: what a strategy file imports as `tradewind`.
  'the public face': ['*'],
};

const PUBLIC_FACE = 'src/index.ts';
/** What a program imports as `tradewind/live`. */
const LIVE_FACE = 'src/app/live-face.ts';
const CLOCK = 'src/foundation/clock.ts';
const RISK_GATE = 'src/risk/risk-gate.ts';
const LIVE_ARMING = 'src/app/live-arming.ts';
const CONFIG = /^src\/app\/config[^/]*\.ts$/;
/** The adapter of the Logger port: the only other file of `app` that uses a package. */
const LOGGING = 'src/app/logging.ts';

/** The one file of `bus` that a folder may import, where it may not import the rest. */
const ONLY_PORT: Readonly<Record<string, string>> = { backtest: 'src/bus/work-queue.ts' };

/** Folders whose files touch the outside. A file there is an adapter as soon as it does so; see {@link findAdapters}. */
const EDGES = ['bus', 'store', 'providers'];
const ADAPTER_NAME = /^src\/(?:bus\/(?:in-process|redis)|store\/(?:embedded|sqlite|postgres)|providers\/)/;

/**
 * Who may import what Node brings along. The pure bands, from foundation to engine, with statistics, protocol and
 * learning, get nothing: they run in a browser or a worker as they are. Hashing alone is pure, so `live` may have it.
 */
const NODE_BUILTINS: Readonly<Record<string, readonly string[]>> = {
  backtest: ['node:worker_threads', 'node:os', 'node:crypto', 'node:url'],
  live: ['node:crypto'],
  exchange: ['node:crypto'],
  ...Object.fromEntries([...EDGES, 'server', 'app', 'cli'].map((folder) => [folder, ['*']])),
};
/** Folders that are faces: all of their files may use packages. */
const PACKAGE_FOLDERS = ['server', 'exchange', 'cli'];
const TIME_MODULES = /^node:(?:timers|perf_hooks)/;

interface BannedCode {
  readonly pattern: RegExp;
  readonly message: string;
  /** Where the rule holds. */
  readonly inside: RegExp;
  /** The files that the rule does not concern. */
  readonly except?: RegExp;
}

const onlyClock = { inside: /^src\//, except: new RegExp(`^${CLOCK}$`) };
const BANNED: readonly BannedCode[] = [
  { pattern: /\bDate\s*\.\s*now\b/g, message: `Date.now belongs in ${CLOCK}`, ...onlyClock },
  {
    pattern: /\bDate\s*\(\s*\)|\bnew\s+Date\b(?!\s*[\s(.\w])/g,
    message: `the present time belongs in ${CLOCK}: new Date() without an argument`,
    ...onlyClock,
  },
  { pattern: /\bperformance\s*\.\s*now\b/g, message: `performance.now belongs in ${CLOCK}`, ...onlyClock },
  { pattern: /\bprocess\s*\.\s*hrtime\b/g, message: `process.hrtime belongs in ${CLOCK}`, ...onlyClock },
  {
    pattern: /(?<![.\w$])(?:globalThis\s*\.\s*)?(?:setTimeout|setInterval|setImmediate)\b/g,
    message: `timers belong in ${CLOCK}`,
    ...onlyClock,
  },
  {
    pattern: /\bMath\s*\.\s*random\b/g,
    message: 'Math.random: chance comes from src/foundation/random.ts',
    inside: /^/,
  },
  {
    pattern: /\bprocess\s*\.\s*env\b/g,
    message: 'process.env is read in src/app/config*.ts only',
    inside: /^src\//,
    except: CONFIG,
  },
  {
    pattern: /\bas\s+ApprovedOrder\b/g,
    message: `only ${RISK_GATE} makes an ApprovedOrder`,
    inside: /^src\//,
    except: new RegExp(`^${RISK_GATE}$`),
  },
  {
    pattern: /\bas\s+Armed\b/g,
    message: `only ${LIVE_ARMING} makes an Armed`,
    inside: /^src\//,
    except: new RegExp(`^${LIVE_ARMING}$`),
  },
];

/** Drawers: names that say nothing about what is inside. */
const FORBIDDEN_NAMES = new Set(['util', 'utils', 'helper', 'helpers', 'type', 'types', 'common', 'misc']);

const ROOTS = ['src', 'dashboard', 'tests', 'benchmarks', 'examples', 'scripts', 'bin'];
const SOURCE_FILE = /\.[cm]?[jt]sx?$/;
const SKIPPED_FOLDERS = /^(?:node_modules|dist|\..*)$/;

/** The sources of a project. */
export function readTree(root: string): SourceTree {
  const files = new Map<string, string>();
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.test(entry.name)) walk(path);
      } else if (SOURCE_FILE.test(entry.name)) {
        files.set(relative(root, path).replaceAll(sep, '/'), readFileSync(path, 'utf8'));
      }
    }
  };
  const present = readdirSync(root);
  for (const folder of ROOTS) if (present.includes(folder)) walk(`${root}/${folder}`);
  return files;
}

/** Every rule of the house that the tree breaks, ordered by file and line. Empty for a sound tree. */
export function checkArchitecture(tree: SourceTree): readonly Violation[] {
  const sources = new Map([...tree].map(([file, text]) => [file, scanSource(text)]));
  const adapters = findAdapters(sources);
  const violations = [...sources].flatMap(([file, source]) => [
    ...nameViolations(file),
    ...bannedCode(file, source.code),
    ...source.imports.flatMap((found) => importViolations(file, found, adapters)),
  ]);
  violations.push(...circleViolations(sources));
  return violations.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}

function nameViolations(file: string): Violation[] {
  const parts = file.split('/').map((part) => part.replace(/\..*$/, ''));
  const drawer = parts.find((part) => FORBIDDEN_NAMES.has(part));
  const violations: Violation[] = [];
  if (drawer !== undefined) violations.push({ file, line: 1, message: `"${drawer}" does not say what is inside` });
  if (folderOf(file) === '') {
    violations.push({ file, line: 1, message: `src/ holds its folders and ${PUBLIC_FACE} only` });
  } else if (file.startsWith('src/') && !(folderOf(file) in MAY_IMPORT)) {
    violations.push({ file, line: 1, message: `the folder src/${folderOf(file)} is not in the table` });
  }
  return violations;
}

function bannedCode(file: string, code: string): Violation[] {
  return BANNED.filter(({ inside, except }) => inside.test(file) && !except?.test(file)).flatMap(
    ({ pattern, message }) =>
      Array.from(code.matchAll(pattern), ({ index }) => ({ file, line: lineAt(code, index), message })),
  );
}

function importViolations(file: string, found: FoundImport, adapters: ReadonlySet<string>): Violation[] {
  const target = resolveImport(file, found.specifier);
  const message = target === undefined ? packageRule(file, found.specifier) : fileRule(file, target, adapters);
  return message === undefined ? [] : [{ file, line: found.line, message }];
}

/** Why `file` may not import the file `target`; `undefined` when it may. */
function fileRule(file: string, target: string, adapters: ReadonlySet<string>): string | undefined {
  if (file.startsWith('dashboard/')) {
    const allowed = target.startsWith('dashboard/') || target.startsWith('src/protocol/');
    return allowed ? undefined : `dashboard may import src/protocol only, not ${target}`;
  }
  if (file.startsWith('examples/') && !target.startsWith('examples/') && ![PUBLIC_FACE, LIVE_FACE].includes(target)) {
    return `an example imports 'tradewind' only, as its readers would, not ${target}`;
  }
  if (!file.startsWith('src/')) return undefined;
  if (!target.startsWith('src/')) return `src/ may not import ${target}`;
  const from = folderOf(file);
  const to = folderOf(target);
  if (from === to) return undefined;
  if (!mayImport(from, to)) return `${from} may not import ${to} (${target})`;
  if (to === 'bus' && from in ONLY_PORT && target !== ONLY_PORT[from]) {
    return `${from} may import ${ONLY_PORT[from]} only of bus, not ${target}`;
  }
  if (adapters.has(target) && from !== 'app') return `the adapter ${target} may be imported by src/app only`;
  return undefined;
}

function mayImport(from: string, to: string): boolean {
  const allowed = MAY_IMPORT[from] ?? [];
  if (allowed.includes(to)) return true;
  const above = ['app', 'cli', 'the public face'];
  return allowed.includes('*') && to in MAY_IMPORT && !above.includes(to);
}

/** Why `file` may not import something that is no file of ours; `undefined` when it may. */
function packageRule(file: string, specifier: string): string | undefined {
  if (file.startsWith('examples/')) return `an example imports 'tradewind' only, not ${specifier}`;
  if (!file.startsWith('src/')) return undefined;
  const folder = folderOf(file);
  if (specifier.startsWith('node:')) {
    if (TIME_MODULES.test(specifier)) return `${specifier}: time comes from ${CLOCK}`;
    const allowed = NODE_BUILTINS[folder] ?? [];
    return allowed.includes('*') || allowed.includes(specifier) ? undefined : `${folder} may not import ${specifier}`;
  }
  const allowed = EDGES.includes(folder) || PACKAGE_FOLDERS.includes(folder) || CONFIG.test(file) || file === LOGGING;
  return allowed
    ? undefined
    : `the package ${specifier} may be imported by adapters, server, exchange, cli and app/config only`;
}

/**
 * The adapters: in the folders at the edges whatever is named as one, imports a package or Node's own modules (but for
 * hashing), or imports an adapter. What is left are the ports and their vocabulary, which load nothing heavy.
 */
function findAdapters(sources: ReadonlyMap<string, ScannedSource>): ReadonlySet<string> {
  const atEdges = [...sources].filter(([file]) => file.startsWith('src/') && EDGES.includes(folderOf(file)));
  const adapters = new Set<string>();
  let known = -1;
  while (adapters.size > known) {
    known = adapters.size;
    for (const [file, { imports }] of atEdges) {
      const touchesOutside = imports.some(({ specifier }) => {
        const target = resolveImport(file, specifier);
        return target === undefined ? specifier !== 'node:crypto' : adapters.has(target);
      });
      if (touchesOutside || ADAPTER_NAME.test(file)) adapters.add(file);
    }
  }
  return adapters;
}

function circleViolations(sources: ReadonlyMap<string, ScannedSource>): Violation[] {
  const graph = new Map(
    [...sources].map(([file, { imports }]) => [
      file,
      imports.map(({ specifier }) => resolveImport(file, specifier)).filter((target) => target !== undefined),
    ]),
  );
  return findCircles(graph).map((circle) => {
    const [file, next] = circle as [string, string];
    const found = sources.get(file)!.imports.find(({ specifier }) => resolveImport(file, specifier) === next);
    return { file, line: found?.line ?? 1, message: `circle of files: ${[...circle, file].join(' → ')}` };
  });
}

/** The file that a specifier means, as a path in the tree; `undefined` for packages and Node's own modules. */
function resolveImport(file: string, specifier: string): string | undefined {
  if (specifier === 'tradewind') return PUBLIC_FACE;
  if (specifier === 'tradewind/live') return LIVE_FACE;
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file), specifier.replace(/[?#].*$/, ''));
}

/** The folder of `src/` that a file lies in; empty for a file that lies in none. */
function folderOf(file: string): string {
  if (file === PUBLIC_FACE) return 'the public face';
  const [root, folder, rest] = file.split('/');
  if (root !== 'src') return root ?? '';
  return rest === undefined ? '' : (folder ?? '');
}
