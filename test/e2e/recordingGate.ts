import { Gate } from './gate.ts';

/** Passes all on, and keeps what was published, in order. */
export class RecordingGate extends Gate {
  /** The ids of the tasks that SNS was told of, in the order of the calls and of the entries in them. */
  readonly published: string[] = [];

  protected isPassed(body: Buffer): boolean {
    const call = new URLSearchParams(body.toString('utf8'));
    if (call.get('Action') !== 'PublishBatch') return true;
    for (let i = 1; ; i++) {
      const message = call.get(`PublishBatchRequestEntries.member.${i}.Message`);
      if (message === null) return true;
      this.published.push((JSON.parse(message) as { id: string }).id);
    }
  }
}
