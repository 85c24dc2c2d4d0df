caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu
server=sql-saas-weu
database=tenant-a
group=rg-saas-weu                              # the server's
location=westeurope
key=cmk-tenant-a
identity=id-cmk-tenant-a

again() {    # what Azure refuses until an identity or a grant has reached all of it is sent again, for ten minutes
  for pause in 15 30 60 120 180 180; do "$@" && return; sleep "$pause"; done
  "$@"
}

# A key is made in the vault itself, for which being Owner gives no right.
vault_id=$(az keyvault show --name "$vault" --query id -o tsv)
az role assignment create --assignee-object-id "$caller" --assignee-principal-type "$caller_type" \
  --role "Key Vault Crypto Officer" --scope "$vault_id"
again az keyvault key create --vault-name "$vault" --name "$key" --kty RSA --size 3072 --ops wrapKey unwrapKey
az keyvault key rotation-policy update --vault-name "$vault" --name "$key" \
  --value '{"lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "Rotate"}}]}'
key_id=$(az keyvault key show --vault-name "$vault" --name "$key" --query key.kid -o tsv)

# An identity that may use that one key.
identity_id=$(az identity create --resource-group "$group" --name "$identity" --location "$location" --query id -o tsv)
principal=$(az identity show --ids "$identity_id" --query principalId -o tsv)
again az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "Key Vault Crypto Service Encryption User" --scope "$vault_id/keys/$key"

# Cannot be undone. A database refuses a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# A key that the identity may not use yet is refused only after Azure has taken the request: wait until the grant has arrived everywhere.
sleep 600

# The database: its identity and the key, then the protector. az sql db update would send the whole database back.
database_id=$(az sql db show --resource-group "$group" --server "$server" --name "$database" --query id -o tsv)
its="\"identity\": {\"type\": \"UserAssigned\", \"userAssignedIdentities\": {\"$identity_id\": {}}}"
again az rest --method patch --url "$database_id?api-version=2025-01-01" --body "{
  $its, \"properties\": {\"keys\": {\"$key_id\": {}}}}"
az resource wait --ids "$database_id" --custom "identity.type=='UserAssigned'"
again az rest --method patch --url "$database_id?api-version=2025-01-01" --body "{
  $its, \"properties\": {\"keys\": {\"$key_id\": {}}, \"encryptionProtector\": \"$key_id\",
  \"encryptionProtectorAutoRotation\": true}}"
az resource wait --ids "$database_id" --api-version 2025-01-01 --custom "properties.encryptionProtector"
