//! Names of the wire and of the model: EC2 has one name for a member in requests and another one in
//! answers.

use serde_json::{Map, Value};

use crate::model::{Member, ServiceModel, ShapeKind};

fn written<'a>(name: &'a str, member: &'a Member) -> &'a str {
    member.location_name.as_deref().unwrap_or(name)
}

/// A form as the members of a shape.
pub(crate) fn members(model: &ServiceModel, shape: &str, form: &Value) -> Value {
    match &model.shape(shape).unwrap().kind {
        ShapeKind::Structure { members: known } => {
            let there = known.iter().filter_map(|(name, member)| {
                let value = form.get(written(name, member))?;
                Some((name.clone(), members(model, &member.shape, value)))
            });
            let there: Map<_, _> = there.collect();
            let mut known: Vec<_> = known.iter().map(|(name, it)| written(name, it)).collect();
            known.push("Version");
            for name in form.as_object().unwrap().keys() {
                assert!(known.contains(&name.as_str()), "{shape} has no {name}");
            }
            Value::Object(there)
        }
        ShapeKind::List { member } => {
            let numbered = form.as_object().into_iter().flatten();
            let mut items: Vec<(usize, &Value)> =
                numbered.map(|(at, item)| (at.parse().unwrap(), item)).collect();
            items.sort_by_key(|(at, _)| *at);
            items.into_iter().map(|(_, item)| members(model, &member.shape, item)).collect()
        }
        ShapeKind::Boolean => Value::Bool(form == "true"),
        ShapeKind::Integer | ShapeKind::Long => {
            form.as_str().unwrap().parse::<i64>().unwrap().into()
        }
        _ => form.clone(),
    }
}

/// The members of a shape as an answer has them. What the shape does not have is left out.
pub(crate) fn on_wire(model: &ServiceModel, shape: &str, value: &Value) -> Value {
    match (&model.shape(shape).unwrap().kind, value) {
        (ShapeKind::Structure { members }, Value::Object(held)) => {
            let there = members.iter().filter_map(|(name, member)| {
                let value = held.get(name).filter(|value| !value.is_null())?;
                Some((written(name, member).to_owned(), on_wire(model, &member.shape, value)))
            });
            Value::Object(there.collect())
        }
        (ShapeKind::List { member }, Value::Array(items)) => {
            items.iter().map(|item| on_wire(model, &member.shape, item)).collect()
        }
        (_, value) => value.clone(),
    }
}
