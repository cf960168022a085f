// A weekly run as a job of Azure Container Apps: a managed identity, a container of a storage account that this identity
// alone may write, logs without keys. There is no secret but the address to notify, and that one is optional.
targetScope = 'resourceGroup'

@description('Begins the name of every resource; small letters and digits.')
@minLength(3)
@maxLength(11)
param name string = 'highwater'

@description('Region.')
param location string = resourceGroup().location

@description('Image, best by its digest.')
param image string = 'ghcr.io/highwater/highwater:0.1.0'

@description('Name of a container registry in this resource group, when the image is not public.')
param registry string = ''

@description('Tenant that is read.')
param tenantId string = tenant().tenantId

@description('When, in UTC: minute, hour, day, month, day of the week.')
param schedule string = '17 4 * * 1'

@description('Text of highwater.toml: what only the organisation knows, [run] and [notify].')
param configuration string = loadTextContent('highwater.toml')

@description('Address for [notify.NAME] with url_env = "HIGHWATER_NOTIFY_URL".')
@secure()
param notifyUrl string = ''

@description('Days for which deleted files of the store can be brought back.')
@minValue(1)
@maxValue(365)
param undeleteDays int = 14

var account = toLower('${name}${uniqueString(resourceGroup().id)}')
var notifies = !empty(notifyUrl)

// Built-in roles.
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var registryPull = '7f951dda-4ed3-4680-a7ca-43fe172d538d'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: account
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
  }
}

resource container 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'highwater'
  properties: {
    publicAccess: 'None'
  }
}

resource mayWrite 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: container
  name: guid(container.id, identity.id, blobDataContributor)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataContributor)
    description: 'Highwater keeps its snapshots in this container'
  }
}

resource images 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = if (!empty(registry)) {
  name: empty(registry) ? 'none' : registry
}

resource mayPull 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registry)) {
  scope: images
  name: guid(resourceGroup().id, registry, identity.id, registryPull)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', registryPull)
    description: 'Highwater fetches its image'
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: 90
    features: {
      disableLocalAuth: true
    }
  }
}

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' = {
  name: name
  location: location
  properties: {
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    workloadProfiles: [
      {
        name: 'Consumption'
        workloadProfileType: 'Consumption'
      }
    ]
  }
}

resource environmentLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: environment
  name: name
  properties: {
    workspaceId: logs.id
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
        enabled: true
      }
    ]
  }
}

var configurationSecret = [
  {
    name: 'configuration'
    value: configuration
  }
]
var notifySecret = [
  {
    name: 'notify-url'
    value: notifyUrl
  }
]
var variables = [
  {
    name: 'AZURE_CLIENT_ID'
    value: identity.properties.clientId
  }
  {
    name: 'HIGHWATER_AUTH'
    value: 'managed-identity'
  }
  {
    name: 'HIGHWATER_TENANT'
    value: tenantId
  }
  {
    name: 'HIGHWATER_STORE'
    value: 'az://${storage.name}/${container.name}/store'
  }
]
var notifyVariable = [
  {
    name: 'HIGHWATER_NOTIFY_URL'
    secretRef: 'notify-url'
  }
]

resource job 'Microsoft.App/jobs@2024-03-01' = {
  name: name
  location: location
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
    }
  }
  properties: {
    environmentId: environment.id
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Schedule'
      scheduleTriggerConfig: {
        cronExpression: schedule
        parallelism: 1
        replicaCompletionCount: 1
      }
      replicaRetryLimit: 1
      replicaTimeout: 43200
      registries: empty(registry) ? [] : [
        {
          server: '${registry}${az.environment().suffixes.acrLoginServer}'
          identity: identity.id
        }
      ]
      secrets: notifies ? concat(configurationSecret, notifySecret) : configurationSecret
    }
    template: {
      containers: [
        {
          name: 'highwater'
          image: image
          args: [
            'run'
            '--config'
            '/config/highwater.toml'
            '--log-format'
            'json'
          ]
          env: notifies ? concat(variables, notifyVariable) : variables
          resources: {
            cpu: json('1.0')
            memory: '2Gi'
          }
          volumeMounts: [
            {
              volumeName: 'configuration'
              mountPath: '/config'
            }
            {
              volumeName: 'work'
              mountPath: '/data'
            }
          ]
        }
      ]
      volumes: [
        {
          name: 'configuration'
          storageType: 'Secret'
          secrets: [
            {
              secretRef: 'configuration'
              path: 'highwater.toml'
            }
          ]
        }
        {
          name: 'work'
          storageType: 'EmptyDir'
        }
      ]
    }
  }
  dependsOn: [
    mayWrite
  ]
}

@description('Application id of the identity: what deploy/permissions grants to.')
output clientId string = identity.properties.clientId

@description('Where the snapshots are: --store of every verb.')
output store string = 'az://${storage.name}/${container.name}/store'

@description('The job, for az containerapp job start.')
output job string = job.name
