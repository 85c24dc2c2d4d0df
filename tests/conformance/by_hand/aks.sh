caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu
group=rg-aks-weu                               # the cluster's
cluster=aks-orders-weu
location=westeurope
key=cmk-aks-weu
identity=id-cmk-aks-weu                        # of the encryption set
control_plane=id-aks-orders-cmk                # of the new cluster
set=des-aks-weu
volume=pvc-1f6f3c58-archive                    # hangs on no node

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

# An identity that may use that one key, and one for the control plane of the new cluster.
identity_id=$(az identity create --resource-group "$group" --name "$identity" --location "$location" --query id -o tsv)
az identity create --resource-group "$group" --name "$control_plane" --location "$location"
principal=$(az identity show --ids "$identity_id" --query principalId -o tsv)
again az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "Key Vault Crypto Service Encryption User" --scope "$vault_id/keys/$key"

# Cannot be undone. Disks refuse a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# The encryption set: making it tries the key.
again az disk-encryption-set create --resource-group "$group" --name "$set" --location "$location" --key-url "$key_id" \
  --encryption-type EncryptionAtRestWithCustomerKey --enable-auto-key-rotation true --mi-user-assigned "$identity_id"
set_id=$(az disk-encryption-set show --resource-group "$group" --name "$set" --query id -o tsv)

# Who attaches volumes must be able to read the set: the old cluster's identity, and that of the new one.
old=$(az aks show --resource-group "$group" --name "$cluster" --query identity.principalId -o tsv)
new=$(az identity show --resource-group "$group" --name "$control_plane" --query principalId -o tsv)
for one in "$old" "$new"; do
  again az role assignment create --assignee-object-id "$one" --assignee-principal-type ServicePrincipal --role Reader --scope "$set_id"
done

# A volume that hangs on no node. The nodes' own disks cannot be changed: build a new cluster on the set.
nodes=$(az aks show --resource-group "$group" --name "$cluster" --query nodeResourceGroup -o tsv)
az disk update --resource-group "$nodes" --name "$volume" \
  --encryption-type EncryptionAtRestWithCustomerKey --disk-encryption-set "$set_id"
