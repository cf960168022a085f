//! Envelope: finds cloud flow definitions in whatever they come wrapped in. Guarantees: at most
//! [`MAX_WRAPPING`] layers, every string unwrapped at most once. Deliberately not here: what a definition says.

use std::borrow::Cow;

use crate::cloud::CloudFlow;
use crate::cloud::features::{self, Found};
use crate::error::DefinitionError;
use crate::json::{Json, Shape, Value};
use crate::limits::MAX_WRAPPING;
use crate::text;

/// Every cloud flow of a file.
pub(crate) fn read(document: &[u8]) -> Result<Vec<CloudFlow>, DefinitionError> {
    read_text(text::unmarked(&text::decode(document)?))
}

/// Every cloud flow of a text.
pub(crate) fn read_text(document: &str) -> Result<Vec<CloudFlow>, DefinitionError> {
    let json = Json::read(document)?;
    let mut search = Search { flows: Vec::with_capacity(1), recognised: false };
    search.value(&json, json.root(), &Context::default())?;
    if search.flows.is_empty() && !search.recognised {
        Err(DefinitionError::NoCloudFlow)
    } else {
        Ok(search.flows)
    }
}

/// What the layers further out told.
#[derive(Clone, Default)]
struct Context {
    depth: u32,
    form: Option<&'static str>,
    id: Option<String>,
    name: Option<String>,
    /// Line of the string that holds the document, when it is wrapped in one.
    line: Option<u32>,
}

impl Context {
    fn inner(&self) -> Self {
        Self { depth: self.depth + 1, ..self.clone() }
    }

    /// With the identity an object tells, if the layers further out did not.
    fn identified(&self, object: Value<'_>) -> Self {
        let text = |name: &str| object.get(name).and_then(Value::filled);
        let mut it = self.inner();
        if it.id.is_none() {
            let row = text("workflowid")
                .or_else(|| text("workflowId"))
                .or_else(|| text("workflowidunique"));
            let api = object.object("properties").and_then(|_| text("name"));
            it.id = row.or(api).map(|id| text::plain_id(&id));
        }
        if it.name.is_none() {
            let display = object
                .object("properties")
                .and_then(|it| it.get("displayName"))
                .and_then(Value::filled);
            let row = text("displayName").or_else(|| text("clientdata").and_then(|_| text("name")));
            it.name = display.or(row).map(Cow::into_owned);
        }
        it
    }
}

struct Search {
    flows: Vec<CloudFlow>,
    /// Some envelope was recognised, even if it held no flow.
    recognised: bool,
}

impl Search {
    fn value(
        &mut self,
        json: &Json<'_>,
        value: Value<'_>,
        context: &Context,
    ) -> Result<(), DefinitionError> {
        if context.depth > MAX_WRAPPING {
            return Ok(());
        }
        match value.shape() {
            Shape::Text => self.string(json, value, context),
            Shape::Object => self.object(json, value, context),
            Shape::Array => value
                .children()
                .filter(|row| row.is_object())
                .try_for_each(|row| self.row(json, row, context)),
            _ => Ok(()),
        }
    }

    /// A row of a list: one that holds no cloud flow does not matter.
    fn row(
        &mut self,
        json: &Json<'_>,
        row: Value<'_>,
        context: &Context,
    ) -> Result<(), DefinitionError> {
        self.recognised |= row.get("clientdata").is_some() || row.get("definition").is_some();
        match self.object(json, row, &context.inner()) {
            Err(DefinitionError::NotJson { .. } | DefinitionError::NoCloudFlow) => Ok(()),
            other => other,
        }
    }

    /// A document inside a string.
    fn string(
        &mut self,
        json: &Json<'_>,
        value: Value<'_>,
        context: &Context,
    ) -> Result<(), DefinitionError> {
        let text = value.text().unwrap_or_default();
        let document = text::unmarked(text.trim_start());
        if !document.starts_with(['{', '[', '"']) {
            return Ok(());
        }
        let line = context.line.or_else(|| Some(json.lines().line(value.offset())));
        let inner = Json::read(document)?;
        self.value(&inner, inner.root(), &Context { line, ..context.inner() })
    }

    fn object(
        &mut self,
        json: &Json<'_>,
        object: Value<'_>,
        context: &Context,
    ) -> Result<(), DefinitionError> {
        if let Some(resources) = object.get("resources").filter(|list| list.shape() == Shape::Array)
        {
            self.recognised |= object.get("$schema").is_some() || object.get("resources").is_some();
            return resources
                .children()
                .try_for_each(|resource| self.resource(json, resource, context));
        }
        let context = context.identified(object);
        if let Some(properties) =
            object.object("properties").filter(|it| it.get("definition").is_some())
        {
            return self.wrapped(json, properties, "properties", &context);
        }
        if let Some(clientdata) =
            object.get("clientdata").filter(|it| it.filled().is_some() || it.is_object())
        {
            return self.value(json, clientdata, &context);
        }
        if object.get("definition").is_some_and(|it| it.filled().is_some() || it.is_object()) {
            return self.wrapped(json, object, "definition", &context);
        }
        if is_definition(object) {
            self.found(json, object, None, context.form.unwrap_or("bare"), &context);
            return Ok(());
        }
        match object.get("value").filter(|list| list.shape() == Shape::Array) {
            Some(list) => self.value(json, list, &context),
            None => Ok(()),
        }
    }

    /// An object whose `definition` is the flow, or holds it one level further down, or is a string.
    fn wrapped(
        &mut self,
        json: &Json<'_>,
        holder: Value<'_>,
        form: &'static str,
        context: &Context,
    ) -> Result<(), DefinitionError> {
        let form = context.form.unwrap_or(form);
        let Some(definition) = holder.get("definition") else { return Ok(()) };
        if definition.is_text() {
            return self.string(json, definition, &Context { form: Some(form), ..context.clone() });
        }
        let bindings = holder.get("connectionReferences");
        match definition.object("definition") {
            Some(inner) if definition.get("actions").is_none() => {
                let bindings = definition.get("connectionReferences").or(bindings);
                self.found(json, inner, bindings, form, context);
            }
            _ => self.found(json, definition, bindings, form, context),
        }
        Ok(())
    }

    /// A resource of an ARM template: a workflow, or a nested template.
    fn resource(
        &mut self,
        json: &Json<'_>,
        resource: Value<'_>,
        context: &Context,
    ) -> Result<(), DefinitionError> {
        let Some(properties) = resource.object("properties") else { return Ok(()) };
        if let Some(template) = properties.object("template") {
            return if context.depth > MAX_WRAPPING {
                Ok(())
            } else {
                self.object(json, template, &context.inner())
            };
        }
        let is_workflow = resource
            .string("type")
            .is_some_and(|it| it.eq_ignore_ascii_case("Microsoft.Logic/workflows"));
        if let Some(definition) = properties.object("definition").filter(|_| is_workflow) {
            let name = resource.get("name").and_then(Value::filled).map(Cow::into_owned);
            let connections =
                properties.object("parameters").and_then(|all| all.object("$connections"));
            let bindings = connections.and_then(|connections| connections.get("value"));
            self.found(json, definition, bindings, "arm", &Context { name, ..context.inner() });
        }
        Ok(())
    }

    fn found(
        &mut self,
        json: &Json<'_>,
        definition: Value<'_>,
        bindings: Option<Value<'_>>,
        form: &'static str,
        context: &Context,
    ) {
        // A desktop flow's `package` tells neither.
        let told = ["actions", "triggers"].iter().any(|name| definition.get(name).is_some());
        if !told {
            return;
        }
        let (id, name) = (context.id.clone(), context.name.clone());
        let mut flow = features::read(Found { definition, form, bindings, id, name }, json);
        if let Some(line) = context.line {
            flow.findings.iter_mut().for_each(|finding| finding.line = line);
        }
        self.flows.push(flow);
    }
}

/// Whether an object is a definition without envelope: actions, and something that says what starts them.
fn is_definition(object: Value<'_>) -> bool {
    let has = |name: &str| object.get(name).is_some();
    has("actions") && (has("triggers") || has("$schema"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BARE: &str = r#"{"triggers":{},"actions":{"W":{"type":"Wait"}}}"#;

    fn forms(text: &str) -> Vec<&'static str> {
        read_text(text).unwrap().iter().map(|flow| flow.features.form).collect()
    }

    fn quoted(text: &str) -> String {
        serde_json::to_string(text).unwrap()
    }

    #[test]
    fn every_envelope_is_unwrapped() {
        assert_eq!(forms(BARE), ["bare"]);
        assert_eq!(forms(&format!(r#"{{"definition":{BARE},"kind":"Stateful"}}"#)), ["definition"]);
        assert_eq!(forms(&format!(r#"{{"properties":{{"definition":{BARE}}}}}"#)), ["properties"]);
        assert_eq!(
            forms(&quoted(&format!(r#"{{"properties":{{"definition":{BARE}}}}}"#))),
            ["properties"]
        );
        assert_eq!(forms(&format!(r#"{{"definition":{}}}"#, quoted(BARE))), ["definition"]);
        let row = format!(r#"{{"workflowid":"{{A-1}}","name":"N","clientdata":{}}}"#, quoted(BARE));
        let list = format!(r#"{{"value":[{row},{{"name":"none"}},{row}]}}"#);
        assert_eq!(forms(&list), ["bare", "bare"]);
        let flows = read_text(&list).unwrap();
        assert_eq!((flows[0].id.as_deref(), flows[0].name.as_deref()), (Some("a-1"), Some("N")));
    }

    #[test]
    fn templates_may_nest_and_may_be_empty() {
        let resource = format!(
            r#"{{"type":"MICROSOFT.LOGIC/workflows","name":"w","properties":{{"definition":{BARE}}}}}"#
        );
        let nested = format!(
            r#"{{"resources":[{{"type":"Microsoft.Resources/deployments","properties":{{"template":{{"resources":[{resource}]}}}}}}]}}"#
        );
        assert_eq!(forms(&nested), ["arm"]);
        assert!(forms(r#"{"$schema":"x","resources":[]}"#).is_empty());
    }

    #[test]
    fn what_holds_no_flow_says_so() {
        for text in [
            "{}",
            "[]",
            "1",
            r#"{"properties":{"definition":{"package":""}}}"#,
            r#"{"definition":"SET A TO 1"}"#,
        ] {
            assert!(matches!(read_text(text), Err(DefinitionError::NoCloudFlow)), "{text}");
        }
    }

    #[test]
    fn strings_in_strings_end() {
        let mut text = BARE.to_owned();
        for _ in 0..4 {
            text = quoted(&text);
        }
        assert_eq!(forms(&text).len(), 1);
        for _ in 0..6 {
            text = quoted(&text);
        }
        assert!(read_text(&text).is_err());
    }
}
