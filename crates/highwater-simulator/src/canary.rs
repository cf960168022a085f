//! Canary: made-up secrets planted where the vendors' answers carry real ones, so that a test can look for them in
//! everything that is written afterwards.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::asked::Asked;
use crate::host::Service;
use crate::strike::records;

const SIGNATURE: &str = "canarySig4Qd9Zk2v";
const KEY: &str = "canaryKey7Rt1Wm5x";
const PASSWORD: &str = "canaryPassword3Jb8";
const BEARER: &str = "canaryBearer6Hn0Yc";
const CONNECTION: &str = "canaryConnection2Lf";

/// All secrets that can be planted.
pub(crate) const ALL: [&str; 5] = [SIGNATURE, KEY, PASSWORD, BEARER, CONNECTION];

/// Plants secrets in an answer.
pub(crate) fn plant(service: Service, asked: &Asked, answer: &mut Answer) {
    let path = asked.path.to_ascii_lowercase();
    match service {
        Service::Flow => records(answer, |record| flow(record, path.contains("/runs"))),
        Service::PowerApps if path.ends_with("/connections") => records(answer, |record| {
            record["properties"]["connectionParameters"] =
                json!({"password": PASSWORD, "server": "sql"})
        }),
        Service::Analytics => records(answer, |record| record["sink"]["key"] = KEY.into()),
        Service::PowerBi => records(answer, |record| {
            record["publicKey"] = json!({"exponent": "AQAB", "modulus": KEY})
        }),
        Service::Dataverse if path.ends_with("/workflows") => records(answer, definition),
        Service::Dataverse if path.ends_with("/environmentvariabledefinitions") => {
            records(answer, |record| {
                record["defaultvalue"] = format!("Server=sql;Password={PASSWORD}").into()
            })
        }
        Service::Dataverse if path.ends_with("/flowmachinegroups") => {
            records(answer, |record| record["primarykeypackage"] = KEY.into())
        }
        Service::PpApi if path.ends_with("/cloudflows") => {
            records(answer, |record| record["definition"] = text_definition().into())
        }
        Service::Arm => records(answer, resource),
        _ => {}
    }
}

fn link() -> String {
    format!(
        "https://prod-00.westeurope.logic.azure.example/workflows/0/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}"
    )
}

fn flow(record: &mut Value, run: bool) {
    if !record["properties"].is_object() {
        return;
    }
    if run {
        record["properties"]["trigger"]["outputsLink"] = json!({"uri": link(), "contentSize": 10});
    } else {
        record["properties"]["flowTriggerUri"] = link().into();
    }
}

/// A key among the parameters of a definition that is held as text.
fn definition(record: &mut Value) {
    let Some(mut data) =
        record["clientdata"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok())
    else {
        return;
    };
    if data["properties"]["definition"].is_object() {
        data["properties"]["definition"]["parameters"]["canary"] = json!({"type": "String", "defaultValue": format!("AccountName=st;AccountKey={CONNECTION};Bearer {BEARER}")});
        record["clientdata"] = data.to_string().into();
    }
}

fn text_definition() -> String {
    json!({"parameters": {"canary": {"type": "String", "defaultValue": format!("Bearer {BEARER}")}}, "triggers": {}, "actions": {}}).to_string()
}

fn resource(record: &mut Value) {
    if record["type"]
        .as_str()
        .is_some_and(|kind| kind.eq_ignore_ascii_case("microsoft.insights/components"))
    {
        record["properties"]["ConnectionString"] =
            format!("InstrumentationKey={CONNECTION}").into();
    }
}
