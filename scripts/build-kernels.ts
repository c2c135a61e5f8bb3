import { readFileSync, writeFileSync } from 'node:fs';
import { compileKernel, KERNEL_MODULE, KERNEL_SOURCE } from './kernel-compiler.ts';

// Compiles the AssemblyScript kernel into the module that is committed beside it: `npm run build:kernels`.
writeFileSync(KERNEL_MODULE, await compileKernel(readFileSync(KERNEL_SOURCE, 'utf8')));
