export * from '../../src/lab/kernel/process.ts';
