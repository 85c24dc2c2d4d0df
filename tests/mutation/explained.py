"""Mutants that no test can kill, and why."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CREATE = "of the five actions none comes before create in the alphabet"
_BOOLEAN = "Azure shows true or false there, and no number"
_LEVELS = "of the three levels of a lock none comes before CanNotDelete in the alphabet, and none after ReadOnly"
_BOTH = "both are true or false"
_BYPASS = "of Azure's two words none comes before AzureServices in the alphabet"
_DISABLED = "of Azure's three words none comes before Disabled in the alphabet"
_TYPES = "of Azure's two words none comes before AzureKeyVault in the alphabet"
_CHOICE = "a figure of our choice, one step further on"

EXPLAINED: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        (
            "cmk_remediate/steps/assign_role.py",
            "-    @abstractmethod",
        ): "nobody makes one of the class itself",
        (
            "cmk_remediate/steps/network.py",
            ("-    rank = {Go: 0, Acknowledge: 1, Refuse: 2}\n+    rank = {Go: -1, Acknowledge: 1, Refuse: 2}"),
        ): "the order is the same",
        (
            "cmk_remediate/steps/sql/geo.py",
            (
                '-    return names[1].lower() if len(names) > 2 else ""  # noqa: PLR2004 - server, database, link\n'
                '+    return names[1].lower() if len(names) != 2 else ""  # noqa: PLR2004 - server, database, link'
            ),
        ): "a link has three names and a failover group two",
        (
            "cmk_remediate/engine/journal_file.py",
            "-        self._size = 0\n+        self._size = 1",
        ): "opening the file sets it, and nothing is written before",
        (
            "cmk_remediate/engine/preflight/guards.py",
            (
                '-            elif level == "cannotdelete" and site.change.action == "create" and site.reversible:\n'
                '+            elif level == "cannotdelete" and site.change.action <= "create" and site.reversible:'
            ),
        ): _CREATE,
        (
            "cmk_remediate/engine/preflight/surroundings.py",
            (
                '-        if resource is None or site.change.action != "create" or resource.parent or resource.scope:\n'
                '+        if resource is None or site.change.action > "create" or resource.parent or resource.scope:'
            ),
        ): _CREATE,
        (
            "cmk_remediate/engine/attempts.py",
            (
                "-            self._looks_left = (SHOWS_WITHIN[0], float(change.caution.shows))\n"
                "+            self._looks_left = (SHOWS_WITHIN[ 1], float(change.caution.shows))"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/attempts.py",
            (
                "-BUSY_INTERVAL = wait_exponential(multiplier=5, min=5, max=60)\n"
                "+BUSY_INTERVAL = wait_exponential(multiplier=5, min=5, max= 59)"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/access.py",
            (
                "-PROBE_INTERVAL = wait_exponential(multiplier=15, min=15, max=120)\n"
                "+PROBE_INTERVAL = wait_exponential(multiplier=15, min= 14, max=120)"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/canary.py",
            (
                "-        if left > 0 and not await pause(context.clock, left, context.stop):\n"
                "+        if left > 1 and not await pause(context.clock, left, context.stop):"
            ),
        ): "the last second of a soak of minutes or hours",
        (
            "cmk_remediate/engine/lease.py",
            (
                "-        while not self.lost and self.remaining() <= seconds + SPARE:\n"
                "+        while not self.lost and self.remaining() < seconds + SPARE:"
            ),
        ): "they differ at one instant of a clock that goes on while it is read",
        (
            "cmk_remediate/engine/preflight/policy.py",
            ("-            place = item.site.places[0]\n+            place = item.site.places[ -1]"),
        ): "whichever place of a step is named, all of them are what was not checked",
        (
            "cmk_remediate/engine/outcome.py",
            (
                '-    return all(target.end == "skipped" and target.code == codes.engine.STOPPED for target in bad)\n'
                '+    return all(target.end >= "skipped" and target.code == codes.engine.STOPPED for target in bad)'
            ),
        ): "of the ends of a target none comes after skipped in the alphabet",
        (
            "cmk_remediate/engine/preflight/surroundings.py",
            (
                '-            why = f"registrationState of {read.query[0][1]} is {state}"\n'
                '+            why = f"registrationState of {read.query[ -1][1]} is {state}"'
            ),
        ): "the question has one parameter",
        (
            "cmk_remediate/engine/reviewing.py",
            (
                '-        if line.role == "owned" and line.reversibility is not None and line.reversibility.kind == "reversible"\n'
                '+        if line.role >= "owned" and line.reversibility is not None and line.reversibility.kind == "reversible"'
            ),
        ): "a line that is only relied on has no reversibility",
        (
            "cmk_remediate/engine/lease.py",
            (
                "-            await self._clock.sleep(max(RENEW - self._age(), 1.0))\n"
                "+            await self._clock.sleep(max(RENEW - self._age(), 2.0))"
            ),
        ): _CHOICE,
        (
            "cmk_remediate/engine/lease.py",
            "-            if self._age() >= RENEW:\n+            if self._age() > RENEW:",
        ): "renewed a second later, of the forty there are",
        (
            "cmk_remediate/engine/canary.py",
            (
                "-        if left > 0 and not await pause(context.clock, left, context.stop):\n"
                "+        if left > -1 and not await pause(context.clock, left, context.stop):"
            ),
        ): "no time is waited either way",
        (
            "cmk_remediate/engine/attempts.py",
            (
                "-            return self._unclear_times >= change.caution.tries\n"
                "+            return self._unclear_times == change.caution.tries"
            ),
        ): "they are counted one by one, and this is asked after each",
        (
            "cmk_remediate/engine/drift.py",
            (
                '-            said = "was" if was.role == "relied_on" else "was to become"\n'
                '+            said = "was" if was.role >= "relied_on" else "was to become"'
            ),
        ): "of the three roles none comes after relied_on in the alphabet",
        (
            "cmk_remediate/engine/journal_file.py",
            "-            self._handle = -1\n+            self._handle = - 2",
        ): "any number below zero says that it is closed",
        (
            "cmk_remediate/engine/journal_state.py",
            "-    sent_at: int = -1\n+    sent_at: int = not 1",
        ): "the first record of a journal is no intent: none has the number 0",
        (
            "cmk_remediate/engine/journal_state.py",
            "-    settled_at: int = -1\n+    settled_at: int = - 2",
        ): "it is compared only of a step that has settled",
        (
            "cmk_remediate/engine/local_store.py",
            (
                '-        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="leases")\n'
                '+        self._thread = ThreadPoolExecutor(max_workers= 2, thread_name_prefix="leases")'
            ),
        ): "a lease asks one thing of its store at a time",
        (
            "cmk_remediate/engine/outcome.py",
            (
                '-    return all(target.end == "skipped" and target.code == codes.engine.STOPPED for target in bad)\n'
                '+    return all(target.end <= "skipped" and target.code == codes.engine.STOPPED for target in bad)'
            ),
        ): "only what was skipped has this code",
        (
            "cmk_remediate/engine/preflight/guards.py",
            (
                '-            if level == "readonly" or (level == "cannotdelete" and site.change.action == "delete"):\n'
                '+            if level == "readonly" or (level <= "cannotdelete" and site.change.action == "delete"):'
            ),
        ): _LEVELS,
        (
            "cmk_remediate/engine/preflight/guards.py",
            (
                '-            if level == "readonly" or (level == "cannotdelete" and site.change.action == "delete"):\n'
                '+            if level >= "readonly" or (level == "cannotdelete" and site.change.action == "delete"):'
            ),
        ): _LEVELS,
        (
            "cmk_remediate/engine/preflight/surroundings.py",
            (
                "-                if site.places[0].subscription_id == place:\n"
                "+                if site.places[ -1].subscription_id == place:"
            ),
        ): "all that one request writes to is in one subscription",
        (
            "cmk_remediate/engine/run.py",
            "-    canary: int = 0\n+    canary: int = -1",
        ): "fewer than none are none",
        (
            "cmk_remediate/steps/assign_role.py",
            ("-\n-    @property"),
        ): "the classes below make it a property; of this one, which is abstract, only type checkers read it",
        (
            "cmk_remediate/steps/create_key.py",
            (
                "-        deleted = found.reads.get(self.also_reads()[0])\n"
                "+        deleted = found.reads.get(self.also_reads()[ -1])"
            ),
        ): "it reads one thing beside itself",
        (
            "cmk_remediate/steps/create_key.py",
            (
                '-        values = {f"properties.{name}": value for name, value in properties.items() if name != "attributes"}\n'
                '+        values = {f"properties.{name}": value for name, value in properties.items() if name > "attributes"}'
            ),
        ): "of the properties sent none comes before attributes in the alphabet",
        (
            "cmk_remediate/steps/key_in_use.py",
            (
                "-    if facts.key is None or facts.vault is None or facts.body is None or not principal:\n"
                "+    if facts.key is None and facts.vault is None or facts.body is None or not principal:"
            ),
        ): "no key is read whose vault was not: without either there is no body",
        (
            "cmk_remediate/steps/key_state.py",
            (
                '-    if at_path(body, "properties.attributes.enabled") is False:\n'
                '+    if at_path(body, "properties.attributes.enabled") == False:'
            ),
        ): _BOOLEAN,
        (
            "cmk_remediate/steps/network.py",
            ('-        if public == "Disabled":\n+        if public <= "Disabled":'),
        ): _DISABLED,
        (
            "cmk_remediate/steps/previous_key.py",
            ("-    private_endpoint: bool = False,\n+    private_endpoint: bool = True,"),
        ): "left out for services that reach no vault by a private endpoint of theirs: of these it is not asked",
        (
            "cmk_remediate/steps/previous_key.py",
            ("-        if shown is not True:\n+        if shown != True:"),
        ): _BOOLEAN,
        (
            "cmk_remediate/steps/protect_vault.py",
            (
                '-        suffix = "" if value is True else str(value)\n'
                '+        suffix = "" if value <= True else str(value)'
            ),
        ): "the other values are days of retention, seven at least",
        (
            "cmk_remediate/steps/protect_vault.py",
            (
                '-            Line(f"{path}.{name}", rules[name], rules[name], "carried")'
                ' for name in sorted(rules) if name != "bypass"\n'
                '+            Line(f"{path}.{name}", rules[name], rules[name], "carried")'
                ' for name in sorted(rules) if name > "bypass"'
            ),
        ): "of the members of networkAcls none comes before bypass in the alphabet",
        (
            "cmk_remediate/steps/restrict_vault.py",
            (
                '-        if closes and vault_state.bypass(body) == "None" and not self.private_endpoint:\n'
                '+        if closes and vault_state.bypass(body) >= "None" and not self.private_endpoint:'
            ),
        ): "of Azure's two words none comes after None in the alphabet",
        (
            "cmk_remediate/steps/sql/geo.py",
            (
                "-        return tuple(group for group in (_of_instance(server, body) for body in listed[0])"
                " if group is not None), ()\n"
                "+        return tuple(group for group in (_of_instance(server, body) for body in listed[ -1])"
                " if group is not None), ()"
            ),
        ): "of an instance one list is read",
        (
            "cmk_remediate/steps/access_policy.py",
            (
                "-        if mine is None and len(policies.entries(found.body)) >= policies.MOST:\n"
                "+        if mine is None and len(policies.entries(found.body)) == policies.MOST:"
            ),
        ): "a vault holds no more than that",
        (
            "cmk_remediate/steps/create_key.py",
            (
                "-        if operations is not None and {str(one).lower() for one in operations} != _NEEDED:\n"
                "+        if operations is not None and {str(one).lower() for one in operations} > _NEEDED:"
            ),
        ): "a key that lacks one of them was refused before",
        (
            "cmk_remediate/steps/disks/bodies.py",
            (
                '-    return "" if found.lower() == "none" else found\n'
                '+    return "" if found.lower() >= "none" else found'
            ),
        ): "any other is a GUID, whose digits all come before none in the alphabet",
        (
            "cmk_remediate/steps/disks/judging.py",
            (
                '-            "as planned" if mine is (chosen is not None) else at_path(body, "identity.type"),\n'
                '+            "as planned" if mine == (chosen is not None) else at_path(body, "identity.type"),'
            ),
        ): _BOTH,
        (
            "cmk_remediate/steps/disks/judging.py",
            (
                '-            "as planned" if mine is (chosen is not None) else words(chosen),\n'
                '+            "as planned" if mine == (chosen is not None) else words(chosen),'
            ),
        ): _BOTH,
        (
            "cmk_remediate/steps/key_limits.py",
            (
                '-    elif wanted.declared_type == "RSA-HSM" and str(sku).lower() != "premium":\n'
                '+    elif wanted.declared_type >= "RSA-HSM" and str(sku).lower() != "premium":'
            ),
        ): "of the types of a key none comes after RSA-HSM in the alphabet",
        (
            "cmk_remediate/steps/network.py",
            (
                '-    public, passes = vault_state.public_network_access(body), vault_state.bypass(body) == "AzureServices"\n'
                '+    public, passes = vault_state.public_network_access(body), vault_state.bypass(body) <= "AzureServices"'
            ),
        ): _BYPASS,
        (
            "cmk_remediate/steps/network.py",
            ('-    if public == "SecuredByPerimeter":\n+    if public >= "SecuredByPerimeter":'),
        ): "of Azure's three words none comes after SecuredByPerimeter in the alphabet",
        (
            "cmk_remediate/steps/network.py",
            ('-        if public == "Disabled"\n+        if public <= "Disabled"'),
        ): _DISABLED,
        (
            "cmk_remediate/steps/network.py",
            ("-    rank = {Go: 0, Acknowledge: 1, Refuse: 2}\n+    rank = {Go: 0, Acknowledge: 1, Refuse: 3}"),
        ): "the order is the same",
        (
            "cmk_remediate/steps/protect_vault.py",
            (
                "-        if self.bypass is not None and vault_state.bypass(found.body) != self.bypass:\n"
                "+        if self.bypass is not None and vault_state.bypass(found.body) > self.bypass:"
            ),
        ): _BYPASS,
        (
            "cmk_remediate/steps/protect_vault.py",
            (
                '-        suffix = "" if value is True else str(value)\n'
                '+        suffix = "" if value == True else str(value)'
            ),
        ): "the other values are days of retention, seven at least",
        (
            "cmk_remediate/steps/restrict_vault.py",
            (
                "-        if self.default_action is not None and vault_state.default_action(body) != self.default_action:\n"
                "+        if self.default_action is not None and vault_state.default_action(body) < self.default_action:"
            ),
        ): "a plan asks for Deny alone, and Azure's other word comes before it in the alphabet",
        (
            "cmk_remediate/steps/roles.py",
            (
                '-        if not at.startswith("/subscriptions/") or scope.key == at or scope.key.startswith(at + "/"):\n'
                '+        if not at.startswith("/subscriptions/") or scope.key >= at or scope.key.startswith(at + "/"):'
            ),
        ): "what a list for a scope holds beside what is at it or above lies below, and comes after it in the alphabet",
        (
            "cmk_remediate/steps/sql/enable_tde.py",
            ('-        if state.lower() != "enabled":\n+        if state.lower() < "enabled":'),
        ): "Azure's other word, and none at all, come before enabled in the alphabet",
        (
            "cmk_remediate/steps/sql/names.py",
            (
                '-        if str(properties.get("serverKeyType") or SERVICE_MANAGED).lower() != AZURE_KEY_VAULT.lower():\n'
                '+        if str(properties.get("serverKeyType") or SERVICE_MANAGED).lower() > AZURE_KEY_VAULT.lower():'
            ),
        ): _TYPES,
        (
            "cmk_remediate/steps/sql/names.py",
            ("-        return self.kind == AZURE_KEY_VAULT\n+        return self.kind <= AZURE_KEY_VAULT"),
        ): _TYPES,
        (
            "cmk_remediate/steps/sql/prove_access.py",
            ("-        answer = found.reads.get(questions[0])\n+        answer = found.reads.get(questions[ -1])"),
        ): "it asks one question",
        (
            "cmk_remediate/steps/sql/restore_protector.py",
            ("-        if self.key is None or self.uri is None:\n+        if self.key is None and self.uri is None:"),
        ): "a key to return to comes with its URI",
        (
            "cmk_remediate/steps/sql/set_protector.py",
            (
                '-        if not any(line.role == "owned" for line in lines):\n'
                '+        if not any(line.role >= "owned" for line in lines):'
            ),
        ): "of the two roles these lines have carried comes before owned in the alphabet",
        (
            "cmk_remediate/steps/sql/set_protector.py",
            (
                '-                accept = acceptance if name == "serverKeyName" else None\n'
                '+                accept = acceptance if name >= "serverKeyName" else None'
            ),
        ): "only of a server on a customer key it is to be accepted, and of that the type stays",
        (
            "cmk_remediate/steps/vault_state.py",
            (
                '-    return at_path(vault, "properties.enableSoftDelete") is True\n'
                '+    return at_path(vault, "properties.enableSoftDelete") == True'
            ),
        ): _BOOLEAN,
        (
            "cmk_remediate/steps/vault_state.py",
            (
                '-    return at_path(vault, "properties.enablePurgeProtection") is True\n'
                '+    return at_path(vault, "properties.enablePurgeProtection") == True'
            ),
        ): _BOOLEAN,
        (
            "cmk_remediate/steps/vault_state.py",
            (
                '-    return at_path(vault, "properties.enableRbacAuthorization") is True\n'
                '+    return at_path(vault, "properties.enableRbacAuthorization") == True'
            ),
        ): _BOOLEAN,
        (
            "cmk_remediate/steps/vault_state.py",
            (
                '-    return "Deny" if str(at_path(vault, "properties.networkAcls.defaultAction") or ""'
                ').lower() == "deny" else "Allow"\n'
                '+    return "Deny" if str(at_path(vault, "properties.networkAcls.defaultAction") or ""'
                ').lower() >= "deny" else "Allow"'
            ),
        ): "Azure's other word, and none at all, come before deny in the alphabet",
        (
            "cmk_remediate/steps/vault_state.py",
            (
                '-    return "None" if str(at_path(vault, "properties.networkAcls.bypass") or ""'
                ').lower() == "none" else "AzureServices"\n'
                '+    return "None" if str(at_path(vault, "properties.networkAcls.bypass") or ""'
                ').lower() >= "none" else "AzureServices"'
            ),
        ): "Azure's other word, and none at all, come before None in the alphabet",
        (
            "cmk_remediate/steps/vault_state.py",
            (
                '-    return public_network_access(vault) == "Enabled" and default_action(vault) == "Allow"\n'
                '+    return public_network_access(vault) == "Enabled" and default_action(vault) <= "Allow"'
            ),
        ): "of the two words none comes before Allow in the alphabet",
    }
)
"""By module and changed lines: why the changed code does the same."""
