// The suite imports a function of node:fs that Node 20 lacks; the scenarios used here never call it.

import fs from 'node:fs';
import { register } from 'node:module';

if (!fs.globSync) {
  const module = "export * from 'node:fs'; export { default } from 'node:fs'; export const globSync = () => [];";
  const hooks = `
    const url = ${JSON.stringify(`data:text/javascript,${encodeURIComponent(module)}`)};
    export const resolve = (name, context, next) =>
      name === 'fs' && context.parentURL?.includes('/conformance/dist/') ? { url, shortCircuit: true } : next(name, context);`;
  register(`data:text/javascript,${encodeURIComponent(hooks)}`);
}
