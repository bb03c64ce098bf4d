export * from '../../src/lab/kernel/until.ts';
