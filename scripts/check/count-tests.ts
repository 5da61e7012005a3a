/** The part of vitest's JSON report that is read here. */
interface JsonReport {
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

export interface Count {
  passed: number
  /** Test cases, plus one for each file that failed without a case to blame: it did not load, or its hooks failed. */
  failed: number
}

/** Counts test cases; skipped ones are neither. */
export function countTests(report: JsonReport): Count {
  let passed = 0
  let failed = 0
  for (const { status, assertionResults } of report.testResults) {
    const blamed = assertionResults.filter((test) => test.status === 'failed').length
    passed += assertionResults.filter((test) => test.status === 'passed').length
    failed += status === 'failed' && blamed === 0 ? 1 : blamed
  }
  return { passed, failed }
}
