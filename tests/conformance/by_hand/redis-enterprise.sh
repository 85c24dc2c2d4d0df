caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu                               # in the cluster's region
group=rg-cache-weu                             # the cluster's
cluster=redis-sessions-weu
location=westeurope
key=cmk-redis-sessions-weu
identity=id-cmk-redis-sessions-weu

again() {    # what Azure refuses until an identity or a grant has reached all of it is sent again, for ten minutes
  for pause in 15 30 60 120 180 180; do "$@" && return; sleep "$pause"; done
  "$@"
}

# A key is made in the vault itself, for which being Owner gives no right. It must not expire, and nothing follows a new version.
vault_id=$(az keyvault show --name "$vault" --query id -o tsv)
az role assignment create --assignee-object-id "$caller" --assignee-principal-type "$caller_type" \
  --role "Key Vault Crypto Officer" --scope "$vault_id"
again az keyvault key create --vault-name "$vault" --name "$key" --kty RSA --size 3072 --ops wrapKey unwrapKey
key_id=$(az keyvault key show --vault-name "$vault" --name "$key" --query key.kid -o tsv)

# An identity that may use that one key.
identity_id=$(az identity create --resource-group "$group" --name "$identity" --location "$location" --query id -o tsv)
principal=$(az identity show --ids "$identity_id" --query principalId -o tsv)
again az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "Key Vault Crypto Service Encryption User" --scope "$vault_id/keys/$key"

# Cannot be undone. The cluster refuses a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# Nothing shows beforehand whether the grant has arrived, and a refusal may cost an outage: wait.
sleep 600

# The cluster, by one request (its own commands are an extension of az). From here on it is disrupted.
subscription=$(az account show --query id -o tsv)
url="/subscriptions/$subscription/resourceGroups/$group/providers/Microsoft.Cache/redisEnterprise/$cluster?api-version=2025-07-01"
az rest --method patch --url "$url" --body "{
  \"identity\": {\"type\": \"UserAssigned\", \"userAssignedIdentities\": {\"$identity_id\": {}}},
  \"properties\": {\"encryption\": {\"customerManagedKeyEncryption\": {
    \"keyEncryptionKeyUrl\": \"$key_id\",
    \"keyEncryptionKeyIdentity\": {\"identityType\": \"userAssignedIdentity\", \"userAssignedIdentityResourceId\": \"$identity_id\"}}}}}"

# It is ready when both states say so, not before.
until [ "$(az rest --method get --url "$url" \
  --query "join(' ', [properties.provisioningState, properties.resourceState])" -o tsv)" = "Succeeded Running" ]; do sleep 15; done
