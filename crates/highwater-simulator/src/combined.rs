//! Combined: requests that ask for many things at once, `$batch`, `getByIds` and counts, and Log Analytics.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Body};
use crate::asked::Asked;
use crate::cloud::{Cloud, line};
use crate::host::Service;
use crate::odata::shown;
use crate::reading::refused;
use crate::refusal;
use crate::routes;

/// Most requests of a `$batch`, and most ids of `getByIds`.
const MOST_PARTS: usize = 20;
const MOST_IDS: usize = 1000;

/// Several requests of Graph in one; answers come back in another order than they were asked in.
pub(crate) fn batch(cloud: &Cloud, asked: &Asked) -> Answer {
    let body = asked.json();
    let Some(parts) = body["requests"].as_array() else {
        return Answer::error(400, "BadRequest", "The body of a batch needs 'requests'.");
    };
    if parts.len() > MOST_PARTS {
        return Answer::error(
            400,
            "BadRequest",
            "The number of requests in a batch exceeds the maximum of 20.",
        );
    }
    let root = asked.path.trim_end_matches("/$batch");
    let mut told: Vec<Value> =
        parts.iter().map(|part| answered(cloud, asked, root, part)).collect();
    told.reverse();
    Answer::json(json!({"responses": told}))
}

fn answered(cloud: &Cloud, outer: &Asked, root: &str, part: &Value) -> Value {
    let text = part["url"].as_str().unwrap_or_default();
    let method = part["method"]
        .as_str()
        .and_then(|method| method.parse::<Method>().ok())
        .unwrap_or(Method::GET);
    let mut headers = HeaderMap::new();
    for (name, value) in part["headers"].as_object().into_iter().flatten() {
        if let (Ok(name), Ok(value)) =
            (name.parse::<HeaderName>(), HeaderValue::from_str(value.as_str().unwrap_or_default()))
        {
            headers.insert(name, value);
        }
    }
    if let Some(token) = outer.headers.get("authorization") {
        headers.insert("authorization", token.clone());
    }
    let address = format!("https://{}{root}/{}", outer.host, text.trim_start_matches('/'));
    let body =
        if part["body"].is_null() { Bytes::new() } else { Bytes::from(part["body"].to_string()) };
    let Ok(uri) = url::Url::parse(&address)
        .map_err(|_| ())
        .and_then(|url| url.as_str().parse().map_err(|_| ()))
    else {
        return json!({"id": part["id"], "status": 400, "body": {"error": {"code": "BadRequest", "message": "The url of the request cannot be read."}}});
    };
    let mut inner = Asked::new(method, &uri, headers, body);
    inner.form = outer.form.clone();
    let answer = if inner.path.ends_with("$batch") {
        refusal::nowhere(Some(Service::Graph), &inner)
    } else {
        cloud.answer(&inner)
    };
    let headers: Map<String, Value> = answer
        .headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone().into()))
        .collect();
    let body = match answer.body {
        Body::Json(body) => body,
        Body::Text(_, text) => text.into(),
        Body::Empty => Value::Null,
    };
    json!({"id": part["id"], "status": answer.status, "headers": headers, "body": body})
}

/// Objects of the directory by their ids; those that are not there are left out without a word.
pub(crate) fn by_ids(cloud: &Cloud, asked: &Asked) -> Answer {
    let body = asked.json();
    let ids: Vec<&str> =
        body["ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > MOST_IDS {
        return Answer::error(
            400,
            "Request_BadRequest",
            "The property 'ids' needs at least one and at most 1000 ids.",
        );
    }
    match cloud.world.objects(&ids) {
        Ok(rows) => {
            let rows: Vec<Value> = rows
                .iter()
                .map(|row| shown(row, asked.parameter("$select"), None, |_, _| false, "id"))
                .collect();
            Answer::json(
                json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#directoryObjects", "value": rows}),
            )
        }
        Err(found) => refused(Service::Graph, found),
    }
}

/// A query of Log Analytics: a workspace without rows.
pub(crate) fn logs() -> Answer {
    let columns = json!([{"name": "Type", "type": "string"}, {"name": "last", "type": "datetime"}, {"name": "n", "type": "long"}]);
    Answer::json(json!({"tables": [{"name": "PrimaryResult", "columns": columns, "rows": []}]}))
}

/// `RetrieveTotalRecordCount(EntityNames=@p)?@p=["workflow","bot"]`: singular names, numbers of rows.
pub(crate) fn counts(cloud: &Cloud, asked: &Asked) -> Answer {
    let told = asked
        .query
        .iter()
        .find(|(name, _)| name.starts_with("@p"))
        .and_then(|(_, value)| serde_json::from_str::<Vec<String>>(value).ok());
    let Some(names) = told else { return refusal::parameter(Service::Dataverse, "@p", "") };
    if let Some(found) = cloud.world.refusal(asked) {
        return refused(Service::Dataverse, found);
    }
    if let Some(name) = names.iter().find(|name| !is_installed(cloud, &asked.host, name)) {
        let message = format!(
            "The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache."
        );
        return Answer::error(404, "0x80040217", &message);
    }
    let count = |name: &String| cloud.world.count(&asked.host, &plural(name)).ok_or(name.clone());
    let values: Vec<usize> = match names.iter().map(count).collect() {
        Ok(values) => values,
        Err(name) => return uncounted(cloud, asked, &name),
    };
    Answer::json(json!({
        "@odata.context": format!("https://{}/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse", asked.host),
        "EntityRecordCountCollection": {"Count": names.len(), "IsReadOnly": false, "Keys": names, "Values": values},
    }))
}

/// Of one of the tables nothing is known: the whole call is refused, as it is to who may not read one of them. A number
/// would be made up, and 0 would be the worst one.
fn uncounted(cloud: &Cloud, asked: &Asked, name: &str) -> Answer {
    cloud.meter.unrecorded(format!("{} (rows of {name})", line(asked)));
    let message = format!("The caller lacks the privilege to read the table '{name}'.");
    Answer::error(403, "0x80040220", &message)
}

/// Whether an organisation has a table: one that comes with a feature is there where rows of it are known.
fn is_installed(cloud: &Cloud, host: &str, name: &str) -> bool {
    let set = plural(name);
    routes::is_everywhere(&set) || cloud.world.count(host, &set).is_some()
}

/// The entity set of a table: `workflow` is read as `workflows`.
fn plural(name: &str) -> String {
    match name {
        _ if name.ends_with('y') => format!("{}ies", &name[..name.len() - 1]),
        _ if name.ends_with("ss") => format!("{name}es"),
        _ => format!("{name}s"),
    }
}
