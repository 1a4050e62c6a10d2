// Colors every example with the engine of Visual Studio Code, and looks at what each character is taken for.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const require = createRequire(join(root, "target", "services", "package.json"));
const textmate = require("vscode-textmate");
const oniguruma = require("vscode-oniguruma");

const wasm = readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm"));
await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
const path = join(root, "editors", "vscode", "syntaxes", "layershare.tmLanguage.json");
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: patterns => new oniguruma.OnigScanner(patterns),
    createOnigString: text => new oniguruma.OnigString(text),
  }),
  loadGrammar: async scope => (scope === "source.layershare" ? textmate.parseRawGrammar(readFileSync(path, "utf8"), path) : null),
});
const grammar = await registry.loadGrammar("source.layershare");

/** The pieces of a source: each with its text, and with the name of the innermost rule that took it. */
function pieces(source) {
  const found = [];
  let state = textmate.INITIAL;
  for (const line of source.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    for (const { startIndex, endIndex, scopes } of tokens) found.push({ text: line.slice(startIndex, endIndex), scope: scopes.at(-1), scopes });
    state = ruleStack;
  }
  return found;
}

/** What a word of a source is taken for. */
function taken(source, word) {
  const piece = pieces(source).find(({ text }) => text.trim() === word);
  assert.ok(piece, `${word} is no piece of ${source}`);
  return piece.scope.replace(/\.layershare$/, "").replace(/^source$/, "nothing");
}

const expected = [
  ["layer deps {", "layer", "keyword.control"],
  ["layer deps {", "deps", "entity.name.type"],
  ["layer share {", "share", "entity.name.type"],
  ["  share with everyone because \"a # b\"", "share", "keyword.control"],
  ["  share with everyone because \"a # b\"", "everyone", "keyword.other"],
  ["  share with everyone because \"a # b\"", "a # b", "string.quoted.double"],
  ["  share with share-team # with", "share-team", "nothing"],
  ["  share with share-team # with", "# with", "comment.line.number-sign"],
  ["  share with acme until 2027-06-30", "2027-06-30", "constant.numeric.date"],
  ["account data-team = 017000801446", "017000801446", "constant.numeric.account"],
  ["account data-team = 017000801446", "data-team", "entity.name.type"],
  ["  version 1 from s3://a-${AWS::Region}/1.zip {", "${AWS::Region}", "variable.parameter"],
  ["  version 1 from s3://a-${AWS::Region}/1.zip {", "/1.zip", "markup.underline.link"],
  ["layer sdk-<arch> for arch in x86_64, arm64 {", "for", "keyword.other"],
  ["  description \"for <arch>\"", "<arch>", "variable.other"],
  ["  description \"a\\n\"", "\\n", "constant.character.escape"],
  ["  allow publish deps", "publish", "keyword.control"],
  ["  publish to /layers/deps", "to", "keyword.other"],
];
for (const [source, word, scope] of expected) assert.equal(taken(source, word), scope, `${word} in ${source}`);

const folder = join(root, "examples");
const examples = readdirSync(folder).filter(name => name.endsWith(".layers"));
assert.ok(examples.length > 15);
for (const name of examples) {
  const source = readFileSync(join(folder, name), "utf8");
  const all = pieces(source);
  assert.equal(all.map(({ text }) => text).join(""), source.replaceAll("\n", ""), name);
  const wrong = all.filter(({ scopes }) => scopes.some(scope => scope.startsWith("invalid")));
  assert.deepEqual(wrong, [], name);
  assert.ok(all.some(({ scope }) => scope.startsWith("keyword.control")), name);
}
console.log(`grammar: ${expected.length} words and ${examples.length} examples are colored as they should be`);
