// Judges IAM requests with an evaluator that shares no code with the compiler.
//
// Standard input holds one JSON object a line: either a document to be referred to,
//   {"define": NAME, "document": {…}}
// or a case, in which a document may be given whole or by its name,
//   {"id", "principal", "action", "resource", "context", "identity": […],
//    "boundary": […], "scps": […], "resourcePolicy": …}
// Each case gives one line on standard output: {"id", "decision", "detail"}. A case that cannot
// be judged gives {"id", "error"} instead, and the exit code is 1: it is never called denied.

import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { faultsOf } from './documents.mjs'

const installed = createRequire(new URL('../../target/iam/package.json', import.meta.url))
const { runSimulation } = installed('@cloud-copilot/iam-simulate')

const CASE_FIELDS = new Set([
  'id', 'principal', 'action', 'resource', 'context', 'identity', 'boundary', 'scps', 'resourcePolicy'
])
const KINDS = { Allowed: 'allowed', ExplicitlyDenied: 'explicit deny', ImplicitlyDenied: 'implicit deny' }

// Organizations attaches this policy to everything, and control policies only ever narrow it.
const FULL_ACCESS = {
  name: 'FullAWSAccess',
  policy: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
}

const defined = new Map()
const examined = new WeakMap()

async function judge(given) {
  const unknown = Object.keys(given).filter((field) => !CASE_FIELDS.has(field))
  if (unknown.length > 0) throw new Error(`unknown fields: ${unknown.join(', ')}`)

  const boundary = given.boundary && (await documents(given.boundary, 'boundary'))
  const scps = given.scps && (await documents(given.scps, 'scp'))
  const answer = await runSimulation(
    {
      request: {
        principal: given.principal,
        action: given.action,
        resource: { resource: given.resource, accountId: ownerOf(given) },
        contextVariables: contextOf(given)
      },
      identityPolicies: await documents(given.identity ?? [], 'identity'),
      permissionBoundaryPolicies: boundary,
      serviceControlPolicies: scps ? [{ orgIdentifier: 'r-root', policies: [FULL_ACCESS, ...scps] }] : [],
      resourceControlPolicies: [],
      resourcePolicy: given.resourcePolicy && (await document(given.resourcePolicy))
    },
    {}
  )
  return verdict(answer)
}

function verdict(answer) {
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors))
  if (answer.resultType !== 'single') throw new Error('the resource of a request holds a wildcard')
  const { analysis, ignoredContextKeys } = answer.result
  if (ignoredContextKeys.length > 0) {
    throw new Error(`the action has no context key ${ignoredContextKeys.join(', ')}`)
  }
  const kind = KINDS[answer.overallResult]
  if (!kind) throw new Error(`unknown result ${answer.overallResult}`)
  const by = analysis.blockedBy?.length ? ` by ${analysis.blockedBy.join(', ')}` : ''
  return { decision: kind === 'allowed' ? 'allowed' : 'denied', detail: kind + by }
}

async function documents(list, use) {
  const all = await Promise.all(list.map(document))
  return all.map((policy, index) => ({ name: `${use}-${index + 1}`, policy }))
}

async function document(given) {
  if (typeof given === 'string' && !defined.has(given)) throw new Error(`no document is named ${given}`)
  const policy = typeof given === 'string' ? defined.get(given) : given
  if (!examined.has(policy)) examined.set(policy, await faultsOf(policy))
  const faults = examined.get(policy)
  if (faults.length > 0) throw new Error(faults.join('; '))
  return policy
}

// The two keys that every authenticated request carries follow from its principal.
function contextOf({ principal, context = {} }) {
  for (const [key, value] of Object.entries(context)) {
    if (Array.isArray(value) && value.length === 0) throw new Error(`${key} is empty: leave it out`)
  }
  if (!principal.startsWith('arn:')) return context
  return {
    'aws:PrincipalArn': principal,
    'aws:PrincipalAccount': principal.split(':')[4],
    ...context
  }
}

function ownerOf({ principal, resource }) {
  return resource.split(':')[4] || principal.split(':')[4]
}

async function answerTo(line) {
  const given = JSON.parse(line)
  if ('define' in given) {
    if (defined.has(given.define)) throw new Error(`the document ${given.define} is defined twice`)
    defined.set(given.define, given.document)
    return undefined
  }
  try {
    return { id: given.id, ...(await judge(given)) }
  } catch (error) {
    console.error(`${given.id}: ${error.message}`)
    process.exitCode = 1
    return { id: given.id, error: error.message }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  if (line.trim() === '') continue
  const answer = await answerTo(line)
  if (answer) process.stdout.write(JSON.stringify(answer) + '\n')
}
