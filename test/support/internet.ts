export * from '../../src/lab/kernel/internet.ts';
