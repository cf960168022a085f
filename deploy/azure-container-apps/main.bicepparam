using 'main.bicep'

param name = 'highwater'
param schedule = '17 4 * * 1'
param notifyUrl = readEnvironmentVariable('HIGHWATER_NOTIFY_URL', '')
