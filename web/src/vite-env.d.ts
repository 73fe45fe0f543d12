/// <reference types="svelte" />
/// <reference types="vite/client" />

// What the tests use of Node.
declare module 'node:fs' {
  export function readFileSync(path: URL, encoding: 'utf8'): string;
  export function readdirSync(path: URL): string[];
}
