/** The one place where each sealed value belongs: whoever opens it must name the same row and field as who sealed it. */
export const sealContext = {
  webhookUrl: (endpointId: string): string => `webhook_endpoint:${endpointId}:url`,
  webhookSecret: (endpointId: string): string => `webhook_endpoint:${endpointId}:secret`,
  webhookHeaders: (endpointId: string): string => `webhook_endpoint:${endpointId}:headers`,
  webhookAuth: (endpointId: string): string => `webhook_endpoint:${endpointId}:auth`,
  clientSecret: (providerId: string): string => `siem_provider:${providerId}:client_secret`,
  clientCertificate: (providerId: string): string => `siem_provider:${providerId}:client_certificate`,
  idempotentAnswer: (principal: string, key: string): string => `idempotency_key:${principal}:${key}`,
} as const;
