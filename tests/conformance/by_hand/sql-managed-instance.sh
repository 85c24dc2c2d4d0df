caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu
instance=mi-orders-weu
group=rg-mi-weu                                # the instance's
location=westeurope
key=cmk-mi-orders-weu
identity=id-cmk-mi-orders-weu

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

# Cannot be undone. A managed instance refuses a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# The instance: its identity, the key among its keys, the protector; and the one database that is not encrypted.
# az sql mi update would send the whole instance back.
instance_id=$(az sql mi show --resource-group "$group" --name "$instance" --query id -o tsv)
az rest --method patch --url "$instance_id?api-version=2025-01-01" --body "{
  \"identity\": {\"type\": \"UserAssigned\", \"userAssignedIdentities\": {\"$identity_id\": {}}},
  \"properties\": {\"primaryUserAssignedIdentityId\": \"$identity_id\"}}"
az resource wait --ids "$instance_id" --updated
again az sql mi key create --resource-group "$group" --mi "$instance" --kid "$key_id"
az sql mi tde-key set --resource-group "$group" --mi "$instance" \
  --server-key-type AzureKeyVault --kid "$key_id" --auto-rotation-enabled true
az rest --method put --url "$instance_id/databases/staging/transparentDataEncryption/current?api-version=2025-01-01" \
  --body '{"properties": {"state": "Enabled"}}'
