//! Quotas: how much a service takes, and what it says of what is left.

use std::time::Duration;

use highwater_simulator::Quota;

use crate::client::{client, signed, start_with};

#[tokio::test]
async fn what_is_over_the_quota_is_refused_until_the_window_has_passed() {
    let cloud = start_with("capable", |settings| {
        for name in ["resource_graph", "dataverse", "graph"] {
            settings
                .quota
                .insert(name.to_owned(), Quota { requests: 2, window: Duration::from_secs(2) });
        }
    })
    .await;
    let client = client(&cloud);
    let query = serde_json::json!({"query": "resources | project id"});
    let graph = "https://management.azure.com/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01";
    let mut told = Vec::new();
    for _ in 0..3 {
        let answer = signed(&cloud, &client, "POST", graph).json(&query).send().await.unwrap();
        told.push((
            answer.status().as_u16(),
            answer.headers()["x-ms-user-quota-remaining"].to_str().unwrap().to_owned(),
        ));
    }
    assert_eq!(told, [(200, "1".to_owned()), (200, "0".to_owned()), (429, "0".to_owned())]);
    let organisation =
        |name: &str| format!("https://{name}.api.crm4.dynamics.com/api/data/v9.2/bots");
    for _ in 0..2 {
        assert_eq!(
            signed(&cloud, &client, "GET", &organisation("orgfinanceprodu"))
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
    assert_eq!(
        signed(&cloud, &client, "GET", &organisation("orgfinanceprodu"))
            .send()
            .await
            .unwrap()
            .status(),
        429
    );
    assert_eq!(
        signed(&cloud, &client, "GET", &organisation("orgfinancetest"))
            .send()
            .await
            .unwrap()
            .status(),
        200,
        "a quota is an organisation's own"
    );
    let policies = "https://graph.microsoft.com/v1.0/identity/conditionalAccess/policies";
    for _ in 0..2 {
        assert_eq!(signed(&cloud, &client, "GET", policies).send().await.unwrap().status(), 200);
    }
    let silent = signed(&cloud, &client, "GET", policies).send().await.unwrap();
    assert_eq!(
        (silent.status().as_u16(), silent.headers().contains_key("retry-after")),
        (429, false)
    );
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(
        signed(&cloud, &client, "POST", graph).json(&query).send().await.unwrap().status(),
        200
    );
    cloud.stop().await;
}
