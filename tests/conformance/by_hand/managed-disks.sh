caller=33333333-3333-4333-8333-333333333301    # your own object id: az ad signed-in-user show --query id -o tsv
caller_type=ServicePrincipal                   # User, if you are one
vault=kv-cmk-weu
group=rg-work-weu                              # the machine's, the sets' and the identity's
machine=vm-orders-weu
location=westeurope
key=cmk-disks-weu
identity=id-cmk-disks-weu
set=des-cmk-weu
direct=des-cmk-direct-weu                      # of Ultra and Premium SSD v2 disks: with an identity of its own

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

# Cannot be undone. Disks refuse a key from a vault without it.
az keyvault update --name "$vault" --enable-purge-protection true

# The encryption set of most disks: making it tries the key.
again az disk-encryption-set create --resource-group "$group" --name "$set" --location "$location" --key-url "$key_id" \
  --encryption-type EncryptionAtRestWithCustomerKey --enable-auto-key-rotation true --mi-user-assigned "$identity_id"

# That of Ultra and Premium SSD v2 disks is made first and granted after; nothing harmless tries it: wait.
again az disk-encryption-set create --resource-group "$group" --name "$direct" --location "$location" --key-url "$key_id" \
  --encryption-type EncryptionAtRestWithCustomerKey --enable-auto-key-rotation true --mi-system-assigned
principal=$(az disk-encryption-set show --resource-group "$group" --name "$direct" --query identity.principalId -o tsv)
again az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
  --role "Key Vault Crypto Service Encryption User" --scope "$vault_id/keys/$key"
sleep 600

# All disks of the machine in one deallocation; it is started again whatever fails between. From here on it is down.
disks=$(az vm show --resource-group "$group" --name "$machine" \
  --query "[storageProfile.osDisk.managedDisk.id, storageProfile.dataDisks[].managedDisk.id][]" -o tsv)
trap 'az vm start --resource-group "$group" --name "$machine"' EXIT
az vm deallocate --resource-group "$group" --name "$machine"
for disk in $disks; do
  case $(az disk show --ids "$disk" --query sku.name -o tsv) in
    UltraSSD_LRS | PremiumV2_LRS) chosen=$direct ;;
    *) chosen=$set ;;
  esac
  az disk update --ids "$disk" --encryption-type EncryptionAtRestWithCustomerKey --disk-encryption-set "$chosen"
done
