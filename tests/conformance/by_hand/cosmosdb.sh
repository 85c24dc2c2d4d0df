caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu
account=cosmos-orders-weu
group=rg-cosmos-weu                            # the account's
location=westeurope
key=cmk-cosmos-orders-weu
identity=id-cmk-cosmos-orders-weu

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

# An identity that may use that one key.
identity_id=$(az identity create --resource-group "$group" --name "$identity" --location "$location" --query id -o tsv)
principal=$(az identity show --ids "$identity_id" --query principalId -o tsv)
again az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "Key Vault Crypto Service Encryption User" --scope "$vault_id/keys/$key"

# Cannot be undone. Cosmos DB refuses a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# The account's identity, then its default identity, each by itself. The second can fail silently: look.
az cosmosdb identity assign --resource-group "$group" --name "$account" --identities "$identity_id"
az cosmosdb update --resource-group "$group" --name "$account" --default-identity "UserAssignedIdentity=$identity_id"
default=$(az cosmosdb show --resource-group "$group" --name "$account" --query defaultIdentity -o tsv)
[ "$default" = "UserAssignedIdentity=$identity_id" ]

# Nothing harmless tries the access: wait until the grant has arrived everywhere.
sleep 600

# THERE IS NO WAY BACK FROM HERE. The key without a version, and nothing else. The command returns when all is encrypted: hours.
az cosmosdb update --resource-group "$group" --name "$account" --key-uri "https://$vault.vault.azure.net/keys/$key"
