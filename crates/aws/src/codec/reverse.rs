//! The other end of the wire, for the fake of the services: requests are read, answers are written.

use aws_smithy_runtime_api::http::{Request, Response, StatusCode};
use aws_smithy_schema::traits::HttpTrait;
use aws_smithy_schema::{Schema, ShapeId, ShapeType};
use aws_smithy_types::body::SdkBody;
use rstack_model::KnownMap;

use super::write::Input;
use super::{Codec, CodecError, settings, unreadable};
use crate::codec::read;
use crate::model::{Location, Operation};

impl Codec {
    /// The members of an input that stand in the body of a request.
    pub(crate) fn body_of(
        &self,
        operation: &Operation,
        body: Vec<u8>,
    ) -> Result<KnownMap, CodecError> {
        let Some(shape) = &operation.input else { return Ok(KnownMap::new()) };
        let answer = Response::new(StatusCode::try_from(200).unwrap(), SdkBody::from(body));
        let config = settings(operation);
        let schema = self.schemas.structure(shape)?;
        let mut deserializer = self
            .protocol
            .deserialize_response(&answer, schema, &config)
            .map_err(|error| unreadable(&error))?;
        let mut read = read::structure(&self.schemas, &mut *deserializer, shape)
            .map_err(|error| unreadable(&error))?;
        // A member of the body may have the name on the wire that a member elsewhere has in the model.
        let (_, shape) = self.schemas.shape(shape)?;
        let members = shape.members().into_iter().flatten();
        for (name, member) in members.filter(|(_, member)| member.location == Location::Body) {
            let wire = member.location_name.as_ref();
            let elsewhere = wire.filter(|wire| {
                let of_name = shape.members().and_then(|members| members.get(*wire));
                of_name.is_some_and(|it| it.location != Location::Body)
            });
            if let Some(value) = elsewhere.and_then(|wire| read.remove(wire)) {
                read.insert(name.clone(), value);
            }
        }
        Ok(read)
    }

    /// A request that holds, in headers and body, what an answer with this output holds there.
    pub(crate) fn answer_like(
        &self,
        operation: &Operation,
        output: &KnownMap,
    ) -> Result<Request, CodecError> {
        let Some(shape) = &operation.output else { return Ok(Request::new(SdkBody::empty())) };
        let members = self.schemas.structure(shape)?.members();
        let id = ShapeId::from_parts("aws#Answer", "aws", "Answer");
        let schema = Schema::new_struct(id, ShapeType::Structure, members.to_vec().leak());
        let schema = Box::leak(Box::new(schema.with_http(HttpTrait::new("POST", "/", None))));
        let input = Input { schemas: &self.schemas, shape: Some(shape), schema, members: output };
        let config = settings(operation);
        self.protocol.serialize_request(&input, schema, "", &config).map_err(|_| CodecError::Write)
    }
}
