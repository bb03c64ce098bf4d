import { defineConfig } from 'vite';

/** Laboratory and dashboard as static files below `dist/web`; relative addresses, for the server puts its token in front of them. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      input: ['index.html', 'dashboard.html'].map((name) => `${import.meta.dirname}/${name}`),
    },
  },
});
