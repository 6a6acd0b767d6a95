//! The parts of a SARIF log, as far as they are written.

use super::super::json::SummaryDto;
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Serialize)]
pub(super) struct LogDto {
    #[serde(rename = "$schema")]
    pub(super) schema: &'static str,
    pub(super) version: &'static str,
    pub(super) runs: [RunDto; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunDto {
    pub(super) tool: ToolDto,
    pub(super) invocations: [InvocationDto; 1],
    pub(super) column_kind: &'static str,
    pub(super) original_uri_base_ids: BTreeMap<&'static str, BaseDto>,
    pub(super) artifacts: Vec<ArtifactDto>,
    pub(super) results: Vec<ResultDto>,
    /// The same numbers as in the JSON report.
    pub(super) properties: SummaryDto,
}

#[derive(Serialize)]
pub(super) struct ToolDto {
    pub(super) driver: ComponentDto,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ComponentDto {
    pub(super) name: &'static str,
    pub(super) semantic_version: &'static str,
    pub(super) information_uri: &'static str,
    pub(super) rules: Vec<RuleDto>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleDto {
    pub(super) id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) short_description: Option<MessageDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help: Option<MultiformatDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) help_uri: Option<String>,
    pub(super) default_configuration: ConfigurationDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) properties: Option<TagsDto>,
}

#[derive(Serialize)]
pub(super) struct ConfigurationDto {
    pub(super) level: &'static str,
}

#[derive(Serialize)]
pub(super) struct TagsDto {
    pub(super) tags: [String; 1],
}

#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct InvocationDto {
    pub(super) execution_successful: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_configuration_notifications: Vec<NotificationDto>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_execution_notifications: Vec<NotificationDto>,
}

/// Something that is no result: an error of the run, or a note about it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct NotificationDto {
    pub(super) level: &'static str,
    pub(super) message: MessageDto,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) locations: Vec<LocationDto>,
}

#[derive(Serialize)]
pub(super) struct BaseDto {
    pub(super) description: MessageDto,
}

#[derive(Serialize)]
pub(super) struct ArtifactDto {
    pub(super) location: ArtifactLocationDto,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ArtifactLocationDto {
    pub(super) uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) uri_base_id: Option<&'static str>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResultDto {
    pub(super) rule_id: String,
    /// Set when all rules are known.
    pub(super) rule_index: usize,
    pub(super) level: &'static str,
    pub(super) message: MessageDto,
    pub(super) locations: [LocationDto; 1],
    pub(super) partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) suppressions: Vec<SuppressionDto>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fixes: Vec<FixDto>,
    pub(super) properties: PropertiesDto,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertiesDto {
    pub(super) pointer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) container: Option<String>,
    pub(super) fixable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) not_fixed: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct SuppressionDto {
    pub(super) kind: &'static str,
    pub(super) status: &'static str,
    pub(super) justification: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FixDto {
    pub(super) description: MessageDto,
    pub(super) artifact_changes: [ChangeDto; 1],
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeDto {
    pub(super) artifact_location: ArtifactLocationDto,
    pub(super) replacements: Vec<ReplacementDto>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReplacementDto {
    pub(super) deleted_region: RegionDto,
    pub(super) inserted_content: MessageDto,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LocationDto {
    pub(super) physical_location: PhysicalLocationDto,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) logical_locations: Vec<LogicalLocationDto>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PhysicalLocationDto {
    pub(super) artifact_location: ArtifactLocationDto,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<RegionDto>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogicalLocationDto {
    pub(super) fully_qualified_name: String,
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegionDto {
    pub(super) start_line: u32,
    pub(super) start_column: u32,
    pub(super) end_line: u32,
    pub(super) end_column: u32,
}

/// A message, or any object that has a text and nothing else.
#[derive(Debug, Clone, Serialize)]
pub(super) struct MessageDto {
    pub(super) text: String,
}

#[derive(Serialize)]
pub(super) struct MultiformatDto {
    pub(super) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) markdown: Option<String>,
}

impl MessageDto {
    pub(super) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    /// A message of a result or a notification, in which brackets before parentheses would be a link.
    pub(super) fn plain(text: &str) -> Self {
        if !text.contains("](") {
            return Self::of(text);
        }
        Self::of(text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]"))
    }
}

impl LocationDto {
    pub(super) fn of(artifact_location: ArtifactLocationDto, region: Option<RegionDto>) -> Self {
        Self { physical_location: PhysicalLocationDto { artifact_location, region }, logical_locations: Vec::new() }
    }
}

impl ResultDto {
    /// The name of our fingerprint among those that others add.
    pub(super) const FINGERPRINT: &'static str = "forewarn/v1";
}
