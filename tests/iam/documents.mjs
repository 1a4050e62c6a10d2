// What is wrong with a policy document beyond what the evaluator itself complains about.
//
// The evaluator lets a misspelt operator or key pass and treats it as a condition that never
// holds, and it fills in policy variables whatever the version says. Either would turn a broken
// document into a plausible answer, so such a document is refused before it is judged.

import { createRequire } from 'node:module'

const installed = createRequire(new URL('../../target/iam/package.json', import.meta.url))
const { typeForContextKey } = installed('@cloud-copilot/iam-simulate')

const OPERATOR = new RegExp(
  '^(?:Null|(?:(?:ForAllValues|ForAnyValue):)?(?:' +
    'String(?:Not)?(?:Equals|EqualsIgnoreCase|Like)|Arn(?:Not)?(?:Equals|Like)|' +
    '(?:Numeric|Date)(?:(?:Not)?Equals|(?:Less|Greater)Than(?:Equals)?)|' +
    'Bool|BinaryEquals|(?:Not)?IpAddress)(?:IfExists)?)$'
)

export async function faultsOf(policy) {
  const statements = [policy?.Statement ?? []].flat()
  const faults = statements.length === 0 ? ['the document has no statement'] : []
  const sids = new Set()
  for (const statement of statements) {
    if (sids.has(statement.Sid)) faults.push(`two statements have the Sid ${statement.Sid}`)
    if (statement.Sid !== undefined) sids.add(statement.Sid)
    for (const [field, value] of Object.entries(statement)) {
      if (Array.isArray(value) && value.length === 0) faults.push(`${field} is an empty list`)
    }
    faults.push(...(await conditionFaults(statement.Condition ?? {})))
  }
  if (policy?.Version !== '2012-10-17' && JSON.stringify(policy).includes('${')) {
    faults.push('policy variables need Version 2012-10-17')
  }
  return faults
}

async function conditionFaults(condition) {
  const faults = []
  for (const [operator, keys] of Object.entries(condition)) {
    if (!OPERATOR.test(operator)) faults.push(`unknown operator ${operator}`)
    for (const [key, value] of Object.entries(keys)) {
      if (!(await isKey(key))) faults.push(`unknown condition key ${key}`)
      if (Array.isArray(value) && value.length === 0) faults.push(`${operator} ${key} has no value`)
      if (operator === 'Null' && ![value].flat().every((one) => /^(true|false)$/.test(one))) {
        faults.push(`Null ${key} is neither true nor false`)
      }
    }
  }
  return faults
}

// A key whose prefix is a host name belongs to an identity provider; no list can hold those.
async function isKey(key) {
  if (key.split(':')[0].includes('.')) return true
  return typeForContextKey(key).then(
    () => true,
    () => false
  )
}
