-- A workspace is signed in to by a client secret, by a certificate, or by the identity of where SoCMate runs.
ALTER TABLE siem_provider
  ADD COLUMN credential_type text NOT NULL DEFAULT 'secret',
  ADD COLUMN client_certificate_sealed text,
  ADD COLUMN client_certificate_thumbprint text,
  ADD COLUMN credential_expires_at timestamptz,
  ALTER COLUMN client_id DROP NOT NULL,
  ALTER COLUMN client_secret_sealed DROP NOT NULL,
  ALTER COLUMN client_secret_masked DROP NOT NULL,
  ADD CONSTRAINT siem_provider_credential_check CHECK (CASE credential_type
    WHEN 'secret' THEN client_id IS NOT NULL AND client_secret_sealed IS NOT NULL AND client_secret_masked IS NOT NULL
    WHEN 'certificate' THEN client_id IS NOT NULL AND client_certificate_sealed IS NOT NULL
      AND client_certificate_thumbprint IS NOT NULL
    ELSE credential_type = 'managed_identity' END);
