//! Whether an event is as the schema in the documents says: as much of JSON Schema as that one uses, and nothing is passed over.

use serde_json::Value;

/// The schema of the documents.
pub(crate) fn of_events() -> Value {
    serde_json::from_str(include_str!("../../../docs/schemas/note-event.v1.json")).unwrap()
}

/// Panics where it does not fit. Stricter than the schema in one thing: what it does not name must not be there, so that nothing is
/// sent which the documents do not know.
pub(crate) fn fits(schema: &Value, value: &Value, at: &str) {
    for (keyword, asked) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" => {}
            "type" => {
                let types: Vec<&str> = match asked {
                    Value::Array(types) => types.iter().map(|one| one.as_str().unwrap()).collect(),
                    one => vec![one.as_str().unwrap()],
                };
                assert!(types.contains(&type_of(value)), "{at} is {value}, not {asked}");
            }
            "const" => assert_eq!(value, asked, "{at}"),
            "enum" => assert!(asked.as_array().unwrap().contains(value), "{at} is {value}, none of {asked}"),
            "minimum" => assert!(value.as_i64() >= asked.as_i64(), "{at} is {value}, less than {asked}"),
            "format" => {
                assert!(has_format(asked.as_str().unwrap(), value.as_str().unwrap()), "{at} is {value}, no {asked}");
            }
            "required" => {
                for name in asked.as_array().unwrap() {
                    assert!(value.get(name.as_str().unwrap()).is_some(), "{at} has no {name}");
                }
            }
            "properties" => {
                for (name, inner) in value.as_object().unwrap() {
                    let known = asked.get(name).unwrap_or_else(|| panic!("{at}.{name} is not in the documents"));
                    fits(known, inner, &format!("{at}.{name}"));
                }
            }
            "items" => {
                for (number, inner) in value.as_array().unwrap().iter().enumerate() {
                    fits(asked, inner, &format!("{at}[{number}]"));
                }
            }
            other => panic!("{other} is not looked at here"),
        }
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn has_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        "uri" => reqwest::Url::parse(text).is_ok(),
        "uri-reference" => reqwest::Url::parse("https://notes.example").unwrap().join(text).is_ok(),
        "date-time" => text.parse::<jiff::Timestamp>().is_ok(),
        other => panic!("{other} is not looked at here"),
    }
}

#[test]
fn the_example_of_the_documents_is_an_event() {
    let example = serde_json::from_str(include_str!("../../../docs/schemas/note-saved.example.json")).unwrap();
    fits(&of_events(), &example, "example");
}

#[test]
#[should_panic(expected = "event.data has no \"version\"")]
fn what_is_missing_is_seen() {
    let mut example: Value =
        serde_json::from_str(include_str!("../../../docs/schemas/note-saved.example.json")).unwrap();
    example["data"].as_object_mut().unwrap().remove("version");
    fits(&of_events(), &example, "event");
}
