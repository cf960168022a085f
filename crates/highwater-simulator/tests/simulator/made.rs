//! Made tenants: lists and counts agree, and a list asked twice is the same.

use std::collections::BTreeSet;

use highwater_simulator::{Profile, Running, Scale, Settings, Simulator};
use reqwest::Client;
use serde_json::{Value, json};

use crate::client::{NOW, client, get, signed, told, vendor};

const ENVIRONMENTS: &str = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments?api-version=2023-06-01";

async fn made(scale: Scale) -> (Running, Client) {
    let cloud = Simulator::start(Settings::new(Profile::Made(scale), NOW)).await.unwrap();
    let client = client(&cloud);
    (cloud, client)
}

/// All records of a list.
async fn all(cloud: &Running, client: &Client, url: &str) -> Vec<Value> {
    let (mut url, mut rows) = (url.to_owned(), Vec::new());
    loop {
        let (status, body) = get(cloud, client, &url).await;
        assert_eq!(status, 200, "{url}");
        rows.extend(body["value"].as_array().unwrap().clone());
        match body["nextLink"].as_str().or_else(|| body["@odata.nextLink"].as_str()) {
            Some(next) => url = vendor(cloud, next),
            None => return rows,
        }
    }
}

fn names(rows: &[Value], field: &str) -> BTreeSet<String> {
    rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn lists_and_counts_agree() {
    let (cloud, client) = made(Scale { environments: 300, flows: 40, apps: 9 }).await;
    let environments = all(&cloud, &client, ENVIRONMENTS).await;
    assert_eq!((environments.len(), names(&environments, "name").len()), (300, 300));
    assert_eq!(environments, all(&cloud, &client, ENVIRONMENTS).await);
    for environment in [&environments[0], &environments[25], &environments[299]] {
        let name = environment["name"].as_str().unwrap();
        let admin = |host: &str, of: &str, kind: &str| {
            format!(
                "https://{host}/providers/{of}/scopes/admin/environments/{name}/{kind}?api-version=2016-11-01"
            )
        };
        let flows = all(
            &cloud,
            &client,
            &admin("api.flow.microsoft.com", "Microsoft.ProcessSimple", "v2/flows"),
        )
        .await;
        assert_eq!((flows.len(), names(&flows, "name").len()), (40, 40));
        assert_eq!(
            all(&cloud, &client, &admin("api.powerapps.com", "Microsoft.PowerApps", "apps"))
                .await
                .len(),
            9
        );
        let one = format!("flows/{}", flows[7]["name"].as_str().unwrap());
        let (status, full) =
            get(&cloud, &client, &admin("api.flow.microsoft.com", "Microsoft.ProcessSimple", &one))
                .await;
        assert_eq!(
            (status, &full["properties"]["displayName"]),
            (200, &flows[7]["properties"]["displayName"])
        );
        let Some(host) =
            environment["properties"]["linkedEnvironmentMetadata"]["instanceApiUrl"].as_str()
        else {
            continue;
        };
        let root = format!("{}/api/data/v9.2", vendor(&cloud, host));
        let held = all(
            &cloud,
            &client,
            &format!("{root}/workflows?$filter=category%20eq%205&$select=workflowid,name"),
        )
        .await;
        let linked: BTreeSet<String> = flows
            .iter()
            .filter_map(|flow| flow["properties"]["workflowEntityId"].as_str())
            .filter(|id| !id.is_empty())
            .map(str::to_owned)
            .collect();
        assert_eq!(names(&held, "workflowid"), linked);
        let (_, counts) = get(
            &cloud,
            &client,
            &format!("{root}/RetrieveTotalRecordCount(EntityNames=@p)?@p=[\"systemuser\"]"),
        )
        .await;
        let users = all(
            &cloud,
            &client,
            &format!("{root}/systemusers?$select=systemuserid,azureactivedirectoryobjectid"),
        )
        .await;
        assert_eq!(counts["EntityRecordCountCollection"]["Values"][0], users.len());
        let ids: Vec<&Value> =
            users.iter().map(|user| &user["azureactivedirectoryobjectid"]).collect();
        let asked = signed(
            &cloud,
            &client,
            "POST",
            "https://graph.microsoft.com/v1.0/directoryObjects/getByIds",
        )
        .json(&json!({"ids": ids}));
        assert_eq!(
            told(asked.send().await.unwrap()).await.1["value"].as_array().unwrap().len(),
            ids.len()
        );
    }
    assert_eq!(cloud.unknown(), Vec::<String>::new());
    cloud.stop().await;
}

#[tokio::test]
async fn the_inventory_tells_of_the_same_things() {
    let (cloud, client) = made(Scale { environments: 40, flows: 30, apps: 7 }).await;
    let token =
        crate::signing_in::person(&cloud, &client, "https://api.powerplatform.com/.default").await;
    let address = crate::client::at(
        &cloud,
        "https://api.powerplatform.com/resourcequery/resources/query?api-version=2024-10-01",
    );
    let mut rows = Vec::new();
    let mut next = Value::Null;
    loop {
        let clause = json!({"$type": "where", "FieldName": "type", "Operator": "in~", "Values": ["'microsoft.powerautomate/cloudflows'"]});
        let query = json!({"TableName": "PowerPlatformResources", "Clauses": [clause], "Options": {"Top": 1000, "SkipToken": next}});
        let (status, body) =
            told(client.post(&address).bearer_auth(&token).json(&query).send().await.unwrap())
                .await;
        assert_eq!((status, body["totalRecords"].as_u64()), (200, Some(1200)));
        rows.extend(body["data"].as_array().unwrap().clone());
        next = body["skipToken"].clone();
        if next.is_null() {
            break;
        }
    }
    assert_eq!(names(&rows, "name").len(), 1200);
    let name = rows[0]["properties"]["environmentId"].as_str().unwrap();
    let flows = all(&cloud, &client, &format!("https://api.flow.microsoft.com/providers/Microsoft.ProcessSimple/scopes/admin/environments/{name}/v2/flows?api-version=2016-11-01")).await;
    assert!(flows.iter().any(|flow| flow["name"] == rows[0]["name"]));
    let application = cloud.token("https://api.powerplatform.com");
    let refused = client
        .post(&address)
        .bearer_auth(application)
        .json(&json!({"TableName": "PowerPlatformResources"}))
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 403);
    cloud.stop().await;
}
