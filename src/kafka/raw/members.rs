//! Who is in a group: rdkafka panics on a name that is not UTF-8, and any client may have one.

use std::{ffi::CString, ptr, time::Duration};

use rdkafka::{
    bindings as sys,
    client::{Client, ClientContext},
    error::RDKafkaErrorCode,
};

use super::{elements, millis, text};

/// A list of groups of librdkafka's, until it is dropped.
struct Groups(*const sys::rd_kafka_group_list);

impl Drop for Groups {
    fn drop(&mut self) {
        // SAFETY: the list is ours and destroyed once.
        unsafe { sys::rd_kafka_group_list_destroy(self.0) };
    }
}

/// The client ids of the members of `group`, with U+FFFD for what is not UTF-8.
///
/// Blocks for `within` at most.
pub(in crate::kafka) fn client_ids<C: ClientContext>(
    client: &Client<C>,
    group: &str,
    within: Duration,
) -> Result<Vec<String>, RDKafkaErrorCode> {
    let name = CString::new(group).map_err(|_nul| RDKafkaErrorCode::InvalidGroupId)?;
    let mut list = ptr::null();
    // SAFETY: the client is alive, the name ends with a NUL, and `list` is ours.
    let err = unsafe { sys::rd_kafka_list_groups(client.native_ptr(), name.as_ptr(), &raw mut list, millis(within)) };
    if list.is_null() {
        return Err(RDKafkaErrorCode::from(err));
    }
    let list = Groups(list);
    match RDKafkaErrorCode::from(err) {
        RDKafkaErrorCode::NoError => {}
        code => return Err(code),
    }
    // SAFETY: the list lives until the end of this function, and so do its groups, their members and all texts, which
    // end with a NUL.
    let groups = unsafe { elements((*list.0).groups, (*list.0).group_cnt) };
    // SAFETY: as above.
    let Some(found) = groups.iter().find(|found| unsafe { text(found.group) } == group) else { return Ok(Vec::new()) };
    match RDKafkaErrorCode::from(found.err) {
        RDKafkaErrorCode::NoError => {}
        code => return Err(code),
    }
    // SAFETY: as above.
    let members = unsafe { elements(found.members, found.member_cnt) };
    // SAFETY: as above.
    Ok(members.iter().map(|member| unsafe { text(member.client_id) }).collect())
}
