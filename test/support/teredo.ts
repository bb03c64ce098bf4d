export * from '../../src/lab/kernel/teredo.ts';
