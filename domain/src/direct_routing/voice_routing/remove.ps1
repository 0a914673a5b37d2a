# Removes the voice routing of <DOMAIN> from Microsoft Teams.
#
# Who:   a Teams Administrator of the tenant <TENANT>.
# Needs: the module MicrosoftTeams (Install-Module MicrosoftTeams).
# It can be run again: what is gone already is skipped. A policy or dial plan that users still have is not removed, and
# the script stops there: take it from them first.

$ErrorActionPreference = 'Stop'
$name = '<NAME>'
$dialPlan = '<DOMAIN>'
Connect-MicrosoftTeams -TenantId '<TENANT>' | Out-Null

# What is used by others goes last: the policy uses the PSTN usage, and so does the voice route.
if (Get-CsTenantDialPlan | Where-Object { $_.Identity -in $dialPlan, "Tag:$dialPlan" }) {
    Remove-CsTenantDialPlan -Identity $dialPlan
}
if (Get-CsOnlineVoiceRoutingPolicy | Where-Object { $_.Identity -in $name, "Tag:$name" }) {
    Remove-CsOnlineVoiceRoutingPolicy -Identity $name
}
if (Get-CsOnlineVoiceRoute | Where-Object { $_.Identity -eq $name }) {
    Remove-CsOnlineVoiceRoute -Identity $name
}
if ((Get-CsOnlinePstnUsage -Identity Global).Usage -contains $name) {
    Set-CsOnlinePstnUsage -Identity Global -Usage @{ Remove = $name }
}

Write-Output "Done. Nothing named '$name' or '$dialPlan' is left."
