import { AwsJson1_0Protocol } from '@aws-sdk/core/protocols';
import { JsonCodec2, JsonShapeDeserializer2, JsonShapeSerializer2 } from '@smithy/core/protocols';

const SETTINGS = { jsonName: false, timestampFormat: { useTrait: true, default: 7 } } as const;

/** What is sent, as it is. */
class PlainSerializer extends JsonShapeSerializer2 {
  #body = new Uint8Array();

  override write(_: unknown, input: unknown): void {
    this.#body = Buffer.from(JSON.stringify(input));
  }

  override flush(): Uint8Array {
    return this.#body;
  }
}

/** What is answered, as it is. */
class PlainDeserializer extends JsonShapeDeserializer2 {
  override async read(_: unknown, body: string | Uint8Array): Promise<unknown> {
    return JSON.parse(typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  }

  override readObject(_: unknown, value: unknown): unknown {
    return value;
  }
}

class PlainCodec extends JsonCodec2 {
  override createSerializer(): PlainSerializer {
    return new PlainSerializer(SETTINGS);
  }

  override createDeserializer(): PlainDeserializer {
    return new PlainDeserializer(SETTINGS);
  }
}

/**
 * DynamoDB's protocol without the SDK's walk through every value of a request and an answer, which costs a dispatcher a tenth of
 * its CPU: they are JSON already. All that the walk does is to carry binary attributes as bytes, and Punctual has none: one that
 * somebody else has put into a row is read as its Base64 text, and written as it was read.
 */
export class PlainProtocol extends AwsJson1_0Protocol {
  constructor(settings: ConstructorParameters<typeof AwsJson1_0Protocol>[0]) {
    super({ ...settings, jsonCodec: new PlainCodec(SETTINGS) });
  }
}
