export const handler = async (): Promise<string> => 'report';
