export * from '../../src/lab/kernel/commands.ts';
