import type { Reporter, TestModule, TestRunEndReason } from 'vitest/node';

/** Ends a run with one plain line, "N passed, N failed, N skipped"; a file that does not load or a broken run is a failure. */
export class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[], reason: TestRunEndReason): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'pending') counts.failed++;
        else counts[state]++;
      }
    }
    if (reason !== 'passed' && counts.failed === 0) counts.failed = 1;
    // After vitest's own summary, which is written in the same turn.
    process.on('exit', () =>
      process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`),
    );
  }
}
