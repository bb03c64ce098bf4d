export * from '../../src/lab/kernel/namespaces.ts';
