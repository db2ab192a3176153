// Runs the script on both sides, mode by mode: {mode: {betterAuth, module}} to
// standard output, each a list of steps. The argument says where the sides are:
// {betterAuth, module}, each {control, servers: {mode: URL}}.

import { modes } from "./modes.mjs";
import { scripts } from "./script.mjs";
import { Site } from "./site.mjs";

const sides = JSON.parse(process.argv[2]);
const results = {};
for (const [mode, { base }] of Object.entries(modes)) {
  results[mode] = {};
  for (const [side, { control, servers }] of Object.entries(sides)) {
    const site = new Site({ mode, base, control, server: servers[mode] });
    results[mode][side] = { steps: site.steps };
    try {
      await scripts[mode](site);
    } catch (error) {
      const last = site.steps.at(-1)?.name;
      results[mode][side].broken = `after ${last}: ${error.stack}`;
    }
  }
}
console.log(JSON.stringify(results));
