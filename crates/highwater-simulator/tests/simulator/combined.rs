//! Requests that ask for several things at once, and answers that follow from others.

use serde_json::{Value, json};

use crate::client::{client, get, signed, start, told, vendor};

#[tokio::test]
async fn a_batch_answers_part_by_part() {
    let cloud = start("defined").await;
    let client = client(&cloud);
    let parts = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/groups?$top=1&$select=id"},
        {"id": "2", "method": "GET", "url": "/unheard"},
        {"id": "3", "method": "GET", "url": "subscribedSkus"},
    ]});
    let (status, body) = told(
        signed(&cloud, &client, "POST", "https://graph.microsoft.com/v1.0/$batch")
            .json(&parts)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, 200);
    let of = |id: &str| {
        body["responses"].as_array().unwrap().iter().find(|part| part["id"] == id).unwrap().clone()
    };
    assert_eq!(
        (of("1")["status"].clone(), of("2")["status"].clone(), of("3")["status"].clone()),
        (json!(200), json!(404), json!(200))
    );
    assert_eq!(of("1")["body"]["value"].as_array().unwrap().len(), 1);
    let next = of("1")["body"]["@odata.nextLink"].as_str().unwrap().to_owned();
    assert_eq!(get(&cloud, &client, &vendor(&cloud, &next)).await.0, 200);
    let many: Vec<Value> = (0..21)
        .map(|id| json!({"id": id.to_string(), "method": "GET", "url": "/groups"}))
        .collect();
    let refused = signed(&cloud, &client, "POST", "https://graph.microsoft.com/v1.0/$batch")
        .json(&json!({"requests": many}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    cloud.stop().await;
}

#[tokio::test]
async fn objects_are_given_by_their_ids() {
    let cloud = start("defined").await;
    let client = client(&cloud);
    let ids = json!({"ids": ["00000000-0000-0000-0000-300100000001", "00000000-0000-0000-0000-30010000ffff"], "types": ["user"]});
    let (_, body) = told(
        signed(
            &cloud,
            &client,
            "POST",
            "https://graph.microsoft.com/v1.0/directoryObjects/getByIds",
        )
        .json(&ids)
        .send()
        .await
        .unwrap(),
    )
    .await;
    let rows = body["value"].as_array().unwrap();
    assert_eq!(
        (rows.len(), rows[0]["id"].as_str()),
        (1, Some("00000000-0000-0000-0000-300100000001"))
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_query_names_its_types() {
    let cloud = start("capable").await;
    let client = client(&cloud);
    let url = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let query = json!({"query": "Resources | where type =~ 'Microsoft.KeyVault/vaults' | project id, name", "options": {"$top": 1000}});
    let (_, body) =
        told(signed(&cloud, &client, "POST", url).json(&query).send().await.unwrap()).await;
    assert_eq!(
        (body["totalRecords"].as_u64(), body["data"][0]["name"].as_str()),
        (Some(1), Some("kv-robots-prod"))
    );
    cloud.stop().await;
}

#[tokio::test]
async fn tables_are_counted_and_named() {
    let cloud = start("capable").await;
    let client = client(&cloud);
    let root = "https://orgfinanceprodu.api.crm4.dynamics.com/api/data/v9.2";
    let (_, counts) = get(
        &cloud,
        &client,
        &format!("{root}/RetrieveTotalRecordCount(EntityNames=@p)?@p=[\"flowsession\",\"bot\"]"),
    )
    .await;
    let sessions: Value = serde_json::from_str(include_str!("../../../../fixtures/tenants/capable/inventory/dataverse/finance-production/flowsessions.json")).unwrap();
    assert_eq!(
        counts["EntityRecordCountCollection"]["Values"],
        json!([sessions["value"].as_array().unwrap().len(), 0])
    );
    let feature =
        format!("{root}/RetrieveTotalRecordCount(EntityNames=@p)?@p=[\"deploymentpipeline\"]");
    assert_eq!(
        get(&cloud, &client, &feature).await.0,
        404,
        "pipelines are installed in another environment"
    );
    let legal = root.replace("financeprodu", "legalproduct");
    let unread = "@p=[\"workflow\",\"environmentvariabledefinition\"]";
    let url = format!("{legal}/RetrieveTotalRecordCount(EntityNames=@p)?{unread}");
    assert_eq!(get(&cloud, &client, &url).await.0, 403, "rows of a table that was not read");
    let (_, tables) = get(&cloud, &client, &format!("{root}/EntityDefinitions?$filter=startswith(LogicalName,'msdyn_pm')&$select=LogicalName,EntitySetName")).await;
    assert_eq!(tables["value"][0]["EntitySetName"], "msdyn_pmprocesses");
    let (status, _) = get(&cloud, &client, &format!("{root}/WhoAmI()")).await;
    assert_eq!(status, 200);
    cloud.stop().await;
}

#[tokio::test]
async fn another_region_has_no_exports_and_says_nothing_of_it() {
    let cloud = start("defined").await;
    let client = client(&cloud);
    for (region, exports) in [("emea", 4), ("na", 0), ("jpn", 0)] {
        let url =
            format!("https://{region}.csanalytics.powerplatform.microsoft.com/api/v2/connections");
        let (status, body) = get(&cloud, &client, &url).await;
        assert_eq!((status, body["value"].as_array().unwrap().len()), (200, exports), "{region}");
    }
    assert_eq!(cloud.unrecorded(), Vec::<String>::new());
    cloud.stop().await;
}

#[tokio::test]
async fn a_lookup_is_expanded_to_what_it_leads_to() {
    let cloud = start("capable").await;
    let client = client(&cloud);
    let root = "https://orgpipelineshos.api.crm4.dynamics.com/api/data/v9.2";
    let (_, runs) = get(&cloud, &client, &format!("{root}/deploymentstageruns?$expand=deploymentstageid($select=deploymentstageid,_deploymentpipelineid_value)")).await;
    for run in runs["value"].as_array().unwrap() {
        assert_eq!(run["deploymentstageid"]["deploymentstageid"], run["_deploymentstageid_value"]);
        assert_eq!(
            run["deploymentstageid"]["_deploymentpipelineid_value"],
            run["_deploymentpipelineid_value"]
        );
    }
    assert!(runs["value"].as_array().unwrap().len() > 5);
    cloud.stop().await;
}

#[tokio::test]
async fn the_audit_feed_is_read_blob_by_blob() {
    let cloud = start("capable").await;
    let client = client(&cloud);
    let feed = format!(
        "https://manage.office.com/api/v1.0/{}/activity/feed/subscriptions/content?contentType=Audit.General",
        cloud.tenant
    );
    let mut events = 0;
    for day in 25..32 {
        let window = format!(
            "{feed}&startTime=2026-10-{day}T00:00:00&endTime={}",
            if day == 31 {
                "2026-11-01T00:00:00".to_owned()
            } else {
                format!("2026-10-{}T00:00:00", day + 1)
            }
        );
        let (_, blobs) = get(&cloud, &client, &window).await;
        for blob in blobs.as_array().unwrap() {
            events += get(&cloud, &client, &vendor(&cloud, blob["contentUri"].as_str().unwrap()))
                .await
                .1
                .as_array()
                .unwrap()
                .len();
        }
    }
    let recorded: Value = serde_json::from_str(include_str!(
        "../../../../fixtures/tenants/capable/inventory/activity/audit-general.json"
    ))
    .unwrap();
    let since = |event: &&Value| {
        event["CreationTime"].as_str().unwrap() >= "2026-10-25"
            && event["CreationTime"].as_str().unwrap() < "2026-11-01"
    };
    assert_eq!(events, recorded.as_array().unwrap().iter().filter(since).count());
    assert!(events > 10);
    cloud.stop().await;
}

#[tokio::test]
async fn a_workflow_is_read_as_github_tells_it() {
    let cloud = start("capable").await;
    let client = client(&cloud);
    let root = "https://api.github.com/repos/fabrikam/fabrikam-ledger";
    let (_, list) = get(&cloud, &client, &format!("{root}/actions/workflows")).await;
    let (path, id) = (
        list["workflows"][0]["path"].as_str().unwrap(),
        list["workflows"][0]["id"].as_u64().unwrap(),
    );
    let (_, file) = get(&cloud, &client, &format!("{root}/contents/{path}?ref=main")).await;
    assert_eq!(file["encoding"], "base64");
    let (_, runs) =
        get(&cloud, &client, &format!("{root}/actions/workflows/{id}/runs?per_page=2")).await;
    assert_eq!(
        (runs["total_count"].as_u64(), runs["workflow_runs"].as_array().unwrap().len()),
        (Some(3), 2)
    );
    let (_, rules) = get(&cloud, &client, &format!("{root}/environments")).await;
    assert_eq!(rules["environments"][0]["name"], "production");
    cloud.stop().await;
}

#[tokio::test]
async fn every_service_is_in_the_table() {
    let cloud = start("denied").await;
    let table = cloud.cloud_table();
    for name in [
        "bap",
        "ppapi",
        "powerapps",
        "flow",
        "powerbi",
        "dataverse",
        "analytics",
        "governance",
        "graph",
        "arm",
        "keyvault",
        "loganalytics",
        "o365",
        "azure_devops",
        "github",
    ] {
        assert!(
            table
                .lines()
                .any(|line| line.starts_with(&format!("{name} = {{ base = \"https://localhost:"))),
            "{name}\n{table}"
        );
    }
    cloud.stop().await;
}

#[tokio::test]
async fn hosts_can_be_mapped_instead_of_written_into_paths() {
    let cloud = start("defined").await;
    let names = [
        "api.bap.microsoft.com",
        "login.microsoftonline.com",
        "orgfinanceprodu.api.crm4.dynamics.com",
    ];
    let mapped = names
        .iter()
        .fold(crate::client::builder(&cloud), |builder, name| builder.resolve(name, cloud.address))
        .build()
        .unwrap();
    let port = cloud.address.port();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "app"),
        ("client_secret", "x"),
        ("scope", "https://service.powerapps.com/.default"),
    ];
    let token = mapped
        .post(format!(
            "https://login.microsoftonline.com:{port}/{}/oauth2/v2.0/token",
            cloud.tenant
        ))
        .form(&form)
        .send()
        .await
        .unwrap();
    let token = told(token).await.1["access_token"].as_str().unwrap().to_owned();
    let url = format!(
        "https://api.bap.microsoft.com:{port}/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2023-06-01&$top=2"
    );
    let (status, page) = told(mapped.get(url).bearer_auth(token).send().await.unwrap()).await;
    assert_eq!(status, 200);
    let next = page["nextLink"].as_str().unwrap();
    assert!(
        next.starts_with(&format!("https://api.bap.microsoft.com:{port}/providers/"))
            && next.contains("skiptoken"),
        "{next}"
    );
    let organisation =
        page["value"][0]["properties"]["linkedEnvironmentMetadata"]["instanceApiUrl"]
            .as_str()
            .unwrap();
    assert!(organisation.ends_with(&format!(".dynamics.com:{port}")), "{organisation}");
    assert_eq!(
        mapped
            .get(format!("https://orgfinanceprodu.api.crm4.dynamics.com:{port}/api/data/v9.2/bots"))
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    cloud.stop().await;
}

#[tokio::test]
async fn a_vault_lists_its_secrets_on_its_own_host() {
    let cloud = start("capable").await;
    let client = client(&cloud);
    let (_, page) = get(
        &cloud,
        &client,
        "https://kv-robots-prod.vault.azure.net/secrets?api-version=7.4&maxresults=2",
    )
    .await;
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    assert!(
        page["nextLink"].as_str().unwrap().contains("/~kv-robots-prod.vault.azure.net/secrets?")
    );
    assert_eq!(
        get(
            &cloud,
            &client,
            "https://kv-robots-prod.vault.azure.net/secrets/ledgerkey?api-version=7.4"
        )
        .await
        .0,
        404,
        "values are never read"
    );
    assert_eq!(
        get(&cloud, &client, "https://elsewhere.vault.azure.net/secrets?api-version=7.4").await.0,
        404
    );
    assert_eq!(
        cloud.unknown(),
        ["GET kv-robots-prod.vault.azure.net/secrets/ledgerkey", "host elsewhere.vault.azure.net"]
    );
    cloud.stop().await;
}

#[tokio::test]
async fn whoever_is_refused_everything_is_refused_what_was_not_recorded() {
    let cloud = start("denied").await;
    let client = client(&cloud);
    for (url, status) in [
        ("https://graph.microsoft.com/v1.0/users", 403),
        ("https://orgfabrikam.api.crm4.dynamics.com/api/data/v9.2/bots", 401),
        ("https://orgfabrikam.api.crm4.dynamics.com/api/data/v9.2/deploymentpipelines", 401),
        (
            "https://api.bap.microsoft.com/providers/PowerPlatform.Governance/v1/connectors/metadata/virtual",
            403,
        ),
        ("https://na.csanalytics.powerplatform.microsoft.com/api/v2/connections", 403),
        ("https://api.github.com/orgs/fabrikam/repos", 404),
    ] {
        let (told, body) = get(&cloud, &client, url).await;
        assert_eq!(told, status, "{url}: {body}");
    }
    cloud.stop().await;
}
