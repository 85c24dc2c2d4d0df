caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu
account=ai-speech-weu
group=rg-ai-weu                                # the account's
location=westeurope                            # of the account, and of the vault
key=cmk-ai-speech-weu
identity=id-cmk-ai-speech-weu

again() {    # what Azure refuses until an identity or a grant has reached all of it is sent again, for ten minutes
  for pause in 15 30 60 120 180 180; do "$@" && return; sleep "$pause"; done
  "$@"
}

# A key is made in the vault itself, for which being Owner gives no right. AI services take 2048 bits.
vault_id=$(az keyvault show --name "$vault" --query id -o tsv)
az role assignment create --assignee-object-id "$caller" --assignee-principal-type "$caller_type" \
  --role "Key Vault Crypto Officer" --scope "$vault_id"
again az keyvault key create --vault-name "$vault" --name "$key" --kty RSA --size 2048 --ops wrapKey unwrapKey
az keyvault key rotation-policy update --vault-name "$vault" --name "$key" \
  --value '{"lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "Rotate"}}]}'
key_id=$(az keyvault key show --vault-name "$vault" --name "$key" --query key.kid -o tsv)

# An identity that may use that one key. The account names it by its client id.
identity_id=$(az identity create --resource-group "$group" --name "$identity" --location "$location" --query id -o tsv)
principal=$(az identity show --ids "$identity_id" --query principalId -o tsv)
client=$(az identity show --ids "$identity_id" --query clientId -o tsv)
again az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "Key Vault Crypto Service Encryption User" --scope "$vault_id/keys/$key"

# Cannot be undone. AI services refuse a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# The identity, by a request of our own: `az cognitiveservices account identity assign` sets the system-assigned one and no other.
# On an account that has identities, name them all.
account_id=$(az cognitiveservices account show --resource-group "$group" --name "$account" --query id -o tsv)
az rest --method patch --url "$account_id?api-version=2025-09-01" \
  --body "{\"identity\": {\"type\": \"UserAssigned\", \"userAssignedIdentities\": {\"$identity_id\": {}}}}"

# The key, with its version: all kinds but Foundry name one, and are moved to a new one by hand.
again az cognitiveservices account update --resource-group "$group" --name "$account" --encryption "{
  \"keySource\": \"Microsoft.KeyVault\",
  \"keyVaultProperties\": {\"keyVaultUri\": \"https://$vault.vault.azure.net/\", \"keyName\": \"$key\",
    \"keyVersion\": \"${key_id##*/}\", \"identityClientId\": \"$client\"}}"
