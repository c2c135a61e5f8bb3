import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const folder = new URL('../src/backtest/columns/kernel/', import.meta.url);

export const KERNEL_SOURCE = fileURLToPath(new URL('column-kernel.as', folder));
export const KERNEL_MODULE = fileURLToPath(new URL('column-kernel-module.ts', folder));

const OPTIONS = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd'];

/** The text of the module that holds the compiled kernel. Throws what the compiler has to say against the source. */
export async function compileKernel(source: string): Promise<string> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(['kernel.ts', '--outFile', 'kernel.wasm', ...OPTIONS], {
    readFile: (name) => (name === 'kernel.ts' ? source : null),
    writeFile: (_, contents) => {
      binary = contents as Uint8Array;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`The kernel does not compile.\n${stderr}`);
  const text = Buffer.from(binary)
    .toString('base64')
    .replaceAll(/.{100}/g, "$&' +\n  '");
  return `// Made of column-kernel.as by \`npm run build:kernels\`: WebAssembly, as base64.\nexport const COLUMN_KERNEL =\n  '${text}';\n`;
}
