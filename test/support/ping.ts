export * from '../../src/lab/kernel/ping.ts';
