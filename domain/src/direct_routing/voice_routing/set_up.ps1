# Voice routing of <DOMAIN> in Microsoft Teams.
#
# Who:   a Teams Administrator of the tenant <TENANT>.
# Needs: the module MicrosoftTeams (Install-Module MicrosoftTeams), and that the route is established: before, Teams does
#        not know its domain.
# It can be run again: what is there already is set to the same values. Other policies, routes and dial plans of the tenant
# are left alone, and nobody is assigned anything.

$ErrorActionPreference = 'Stop'
$name = '<NAME>'
$dialPlan = '<DOMAIN>'
Connect-MicrosoftTeams -TenantId '<TENANT>' | Out-Null

# The PSTN usage, which leads from the policy to the voice route.
if ((Get-CsOnlinePstnUsage -Identity Global).Usage -notcontains $name) {
    Set-CsOnlinePstnUsage -Identity Global -Usage @{ Add = $name }
}

# The voice route, which sends every call of this usage to the domain of the route.
$voiceRoute = @{
    Description           = 'All calls to <DOMAIN>'
    NumberPattern         = '.*'
    OnlinePstnGatewayList = '<DOMAIN>'
    OnlinePstnUsages      = $name
}
if (Get-CsOnlineVoiceRoute | Where-Object { $_.Identity -eq $name }) {
    Set-CsOnlineVoiceRoute -Identity $name @voiceRoute
} else {
    New-CsOnlineVoiceRoute -Identity $name @voiceRoute | Out-Null
}

# The voice routing policy, which users are given.
if (Get-CsOnlineVoiceRoutingPolicy | Where-Object { $_.Identity -in $name, "Tag:$name" }) {
    Set-CsOnlineVoiceRoutingPolicy -Identity $name -OnlinePstnUsages $name
} else {
    New-CsOnlineVoiceRoutingPolicy -Identity $name -OnlinePstnUsages $name | Out-Null
}

# The dial plan. Its rule leaves dialled digits as they are: the phone system knows extensions and outside lines.
$rule = New-CsVoiceNormalizationRule -Parent Global -Name $dialPlan -Pattern '^(\d+)$' -Translation '$1' -InMemory
if (Get-CsTenantDialPlan | Where-Object { $_.Identity -in $dialPlan, "Tag:$dialPlan" }) {
    Set-CsTenantDialPlan -Identity $dialPlan -NormalizationRules @{ Replace = $rule }
} else {
    New-CsTenantDialPlan -Identity $dialPlan -NormalizationRules @{ Add = $rule } | Out-Null
}

Write-Output "Done. Teams shows the policy '$name' to everybody within minutes, sometimes hours."
