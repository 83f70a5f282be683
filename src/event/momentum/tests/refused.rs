//! What Momentum could not read is not published: events of ours, and those that were built elsewhere.

use carom_macros::Event;
use serde::{Deserialize, Serialize};

use super::*;
use crate::event::{
    cloudevents::sdk::{NoData, Target},
    encode_error::EncodeError,
};

/// Serialises as `null`.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Day, domain = "AppDomain", type = "AppDomain.DayEnded")]
struct DayEnded;

/// Serialises as a list.
#[derive(Serialize, Deserialize, Event)]
#[event(entity = Day, domain = "AppDomain", type = "AppDomain.DayBegun")]
struct DayBegun(u8, u8);

// Fails when `check` does not ask for an object.
#[test]
fn an_event_that_is_no_object_is_refused() {
    let error = encoder().encode(&DayEnded, &attributes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "`AppDomain.DayEnded` cannot be published under `Profile::Momentum`: its data is no JSON object, which is what an \
         event of .NET is; use a struct with named fields (`struct X {}` if it has none)"
    );
    assert!(matches!(encoder().encode(&DayBegun(1, 2), &attributes()), Err(EncodeError::Momentum { .. })));
    let carom = encoder().with_profile(Profile::Carom);
    assert!(carom.encode(&DayEnded, &attributes()).is_ok());
}

mod built_elsewhere {
    use cloudevents::{Data, EventBuilder, EventBuilderV10};

    use super::*;

    fn encode(id: &str, content_type: &str, data: Option<Data>) -> Result<OutRecord, EncodeError> {
        let builder = EventBuilderV10::new().id(id).source("/shop").ty("Shop.Opened");
        let event = match data {
            Some(data) => builder.data(content_type, data).build(),
            None => builder.build(),
        };
        let target = Target { topic: TOPIC, key: None, trace: None, no_data: NoData::Tombstone };
        encoder().encode_cloudevent(&event.unwrap(), target)
    }

    fn refused(id: &str, content_type: &str, data: Option<Data>) -> String {
        encode(id, content_type, data).unwrap_err().to_string()
    }

    const GUID: &str = "08DC15B2-6A1E-4F0C-0242-AC1200020000";

    #[test]
    fn an_object_in_json_with_a_guid_is_published() {
        for data in [Data::Json(serde_json::json!({"a": 1})), Data::from(" {\"a\":1}"), Data::from(b"{}".to_vec())] {
            let record = encode(GUID, "application/json", Some(data)).unwrap();
            assert_eq!(texts(&record)[1], ("ce_id", GUID));
        }
        assert!(encode(&ID.simple().to_string(), "text/json; charset=utf-8", Some("{}".into())).is_ok());
    }

    #[test]
    fn what_momentum_could_not_read_is_refused() {
        let json = "application/json";
        for (refused, expected) in [
            (refused(GUID, json, None), "it has no data, and Momentum fails on a null value"),
            (refused("A-1", json, Some("{}".into())), "its `id` is no Guid"),
            (refused(&ID.urn().to_string(), json, Some("{}".into())), "its `id` is no Guid"),
            (refused(GUID, "text/plain", Some("{}".into())), "its content type is not JSON"),
            (refused(GUID, json, Some("[1]".into())), "its data is no JSON object"),
            (refused(GUID, json, Some("{\"a\":".into())), "its data is no JSON object"),
            (refused(GUID, json, Some(vec![0xff].into())), "its data is no JSON object"),
        ] {
            let start = "`Shop.Opened` cannot be published under `Profile::Momentum`: ";
            assert!(refused.starts_with(&format!("{start}{expected}")), "{refused}");
        }
    }
}
