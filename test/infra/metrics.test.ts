import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName } from '../../contract/metrics.ts';
import { TaskQueue } from '../../infra/index.ts';
import { newStack, ofType, readable, resourcesOf, wholeStack } from './fixture.ts';

const { queue, billing, resources } = wholeStack();

/** How each metric is asked of a queue or an app, and how its values are put together unless said otherwise. */
const ASKED: Record<MetricName, [(of: typeof queue | typeof billing, options?: MetricOptions) => Metric, string]> = {
  Dead: [(of, options) => of.metricDead(options), 'Sum'],
  Failed: [(of, options) => of.metricFailed(options), 'Sum'],
  Expired: [(of, options) => of.metricExpired(options), 'Sum'],
  Refused: [(of, options) => of.metricRefused(options), 'Sum'],
  DeadlineMissed: [(of, options) => of.metricDeadlineMissed(options), 'Sum'],
  FailureRate: [(of, options) => of.metricFailureRate(options), 'Average'],
  OldestDueAge: [(of, options) => of.metricOldestDueAge('low', options), 'Maximum'],
  Lateness: [(of, options) => of.metricLateness(options), 'Maximum'],
  InFlight: [(of, options) => of.metricInFlight(options), 'Maximum'],
  Notified: [(of, options) => of.metricNotified(options), 'Sum'],
  WorkerOverloaded: [(of, options) => of.metricWorkerOverloaded(options), 'Sum'],
};

describe('each metric that the functions put', () => {
  it.each(Object.keys(METRICS) as MetricName[])('%s: can be had of a queue and of an app', (name) => {
    const [ask, statistic] = ASKED[name];
    const priority = name === 'OldestDueAge' ? { Priority: 'low' } : {};
    const common = { namespace: 'Punctual', metricName: name, statistic };
    expect(ask(queue)).toMatchObject(common);
    expect(ask(queue).period.toSeconds()).toBe(300);
    expect(ask(queue).dimensions).toEqual({ Queue: 'tasks', ...priority });
    expect(ask(billing)).toMatchObject(common);
    expect(ask(billing).dimensions).toEqual({ Queue: 'tasks', App: 'billing', ...priority });
    expect(ask(queue, { statistic: 'p99' }).statistic).toBe('p99');
    expect(ask(billing, { statistic: 'p99' }).statistic).toBe('p99');
  });
});

describe('the dashboard', () => {
  const [[, dashboard] = []] = ofType(resources, 'AWS::CloudWatch::Dashboard');
  const body = JSON.parse(readable(dashboard?.Properties.DashboardBody)) as {
    widgets: { type: string; width: number; x: number; y: number; properties: { title: string; metrics: unknown[][] } }[];
  };

  it('shows what a queue does and how late, over all its apps', () => {
    const shown = body.widgets.map(({ properties: { title, metrics } }) => [
      title,
      metrics.map((metric) => metric.filter((part) => typeof part === 'string').join(' ')),
    ]);
    expect(Object.fromEntries(shown)).toEqual({
      'Lateness (ms)': ['Punctual Lateness Queue tasks'],
      'Age of the oldest due task (s)': ['high', 'medium', 'low'].map((level) => `Punctual OldestDueAge Priority ${level} Queue tasks`),
      'In flight': ['Punctual InFlight Queue tasks'],
      Notified: ['Punctual Notified Queue tasks'],
      Failures: ['Failed', 'Expired', 'Refused'].map((name) => `Punctual ${name} Queue tasks`),
      'Failure rate': ['Punctual FailureRate Queue tasks'],
      'Dead, and deadlines missed': ['Dead', 'DeadlineMissed'].map((name) => `Punctual ${name} Queue tasks`),
      'Workers overloaded': ['Punctual WorkerOverloaded Queue tasks'],
    });
  });

  it('leaves none of the metrics out, and puts two graphs a row', () => {
    const names = body.widgets.flatMap(({ properties }) => properties.metrics.map(([, name]) => name));
    expect([...new Set(names)].sort()).toEqual(Object.keys(METRICS).sort());
    expect(body.widgets.map(({ type, x, width }) => `${type} ${x} ${width}`)).toEqual(
      body.widgets.map((_, index) => (index % 2 === 0 ? 'metric 0 12' : 'metric 12 12')),
    );
    expect(new Set(body.widgets.map(({ x, y }) => `${x}/${y}`)).size).toBe(body.widgets.length);
  });

  it('bears the names of the queue and the region, because an account has its dashboards in all regions together', () => {
    expect(readable(dashboard?.Properties.DashboardName)).toBe('Punctual-tasks-<AWS::Region>');
  });

  it('can be left out', () => {
    const stack = newStack();
    new TaskQueue(stack, 'Tasks', { dashboard: false });
    expect(ofType(resourcesOf(stack), 'AWS::CloudWatch::Dashboard')).toEqual([]);
  });
});
