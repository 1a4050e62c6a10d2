//! `serverless.yml` of the Serverless Framework as the template that its deploy makes, as far as
//! layers matter: functions, the layers of the service, and its own resources (Serverless Framework
//! documentation, "AWS Functions", "AWS Layers", "Variables").

mod variables;

use super::DeployTarget;
use crate::cloudformation::place::Step;
use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};
use variables::Variables;

pub use variables::BEYOND;

/// A service, as a template and where its functions are written.
#[derive(Debug)]
pub struct Service {
    /// The template.
    pub template: Json,
    /// Where it is deployed, as far as the file says so.
    pub target: DeployTarget,
    functions: IndexMap<String, WrittenFunction>,
}

/// How a function of a service is written.
#[derive(Debug)]
struct WrittenFunction {
    /// Its name in the file.
    name: String,
    place: Vec<Way>,
    /// The way to its layers, in its own list or in that of `provider`.
    layers: Vec<Way>,
}

/// A [`Step`] that owns its key.
#[derive(Clone, Debug)]
enum Way {
    Key(String),
    Item(usize),
}

impl Service {
    /// Whether this is a service for AWS.
    #[must_use]
    pub fn is(written: &Json) -> bool {
        let provider = written.get("provider");
        let name = provider.map(|provider| provider.get("name").unwrap_or(provider));
        name.is_some_and(|name| name == "aws") && written.get("service").is_some()
    }

    /// A service that is written like this; `None` if this is not one for AWS.
    #[must_use]
    pub fn new(written: &Json) -> Option<Self> {
        let provider = written.get("provider").filter(|_| Self::is(written))?;
        let mut service = Builder {
            variables: Variables::new(written),
            provider,
            resources: Map::new(),
            functions: IndexMap::new(),
        };
        for (place, name, function) in listed(written, "functions") {
            service.add_function(place, name, function);
        }
        for (_, name, layer) in listed(written, "layers") {
            service.add_layer(name, layer);
        }
        let mut template = service.own_template(written.get("resources"));
        let region = provider.get("region").and_then(Json::as_str);
        let region = region.filter(|region| !region.contains('$'));
        let parameters = service.variables.parameters();
        merge(&mut template, "Parameters", parameters);
        merge(&mut template, "Resources", service.resources);
        Some(Self {
            template: Json::Object(template),
            target: DeployTarget {
                region: region.map(str::to_owned),
                ..DeployTarget::default()
            },
            functions: service.functions,
        })
    }

    /// The name of a function in the file, by its logical ID in the template.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        let written = self.functions.get(id)?;
        Some(&written.name)
    }

    /// The way to a function.
    #[must_use]
    pub fn place(&self, id: &str) -> Vec<Step<'_>> {
        self.functions
            .get(id)
            .map_or_else(Vec::new, |written| steps(&written.place))
    }

    /// The way to the layers of a function.
    #[must_use]
    pub fn layers(&self, id: &str) -> Vec<Step<'_>> {
        self.functions
            .get(id)
            .map_or_else(Vec::new, |written| steps(&written.layers))
    }
}

fn steps(way: &[Way]) -> Vec<Step<'_>> {
    way.iter()
        .map(|way| match way {
            Way::Key(key) => Step::Key(key),
            Way::Item(index) => Step::Item(*index),
        })
        .collect()
}

fn keys(keys: &[&str]) -> Vec<Way> {
    keys.iter().map(|key| Way::Key((*key).to_owned())).collect()
}

/// A template on its way out of a service.
struct Builder<'w> {
    variables: Variables<'w>,
    provider: &'w Json,
    resources: Map<String, Json>,
    functions: IndexMap<String, WrittenFunction>,
}

impl Builder<'_> {
    fn add_function(&mut self, place: Vec<Way>, name: &str, function: &Json) {
        let is_image = function.get("image").is_some_and(is_given);
        let own = function.get("layers").filter(|layers| is_given(layers));
        // A list of the function replaces that of the provider.
        let shared = self.provider.get("layers").filter(|_| !is_image);
        let mut properties = Map::new();
        if let Some(layers) = own.or(shared) {
            properties.insert("Layers".to_owned(), self.variables.value(layers));
        }
        let setting = |key| function.get(key).or_else(|| self.provider.get(key));
        let (runtime, architecture) = (setting("runtime"), setting("architecture"));
        if is_image {
            properties.insert("PackageType".to_owned(), json!("Image"));
        } else if let Some(runtime) = runtime {
            properties.insert("Runtime".to_owned(), self.variables.value(runtime));
        }
        if let Some(architecture) = architecture {
            let architecture = self.variables.value(architecture);
            properties.insert("Architectures".to_owned(), json!([architecture]));
        }
        let id = format!("{}LambdaFunction", normalized(name));
        let resource = json!({ "Type": "AWS::Lambda::Function", "Properties": properties });
        self.resources.insert(id.clone(), resource);
        let layers = if own.is_some() {
            below(&place, &["layers"])
        } else {
            keys(&["provider", "layers"])
        };
        let written = WrittenFunction {
            name: name.to_owned(),
            place,
            layers,
        };
        self.functions.insert(id, written);
    }

    fn add_layer(&mut self, name: &str, layer: &Json) {
        let mut properties = Map::new();
        let own_name = layer.get("name").cloned().unwrap_or_else(|| json!(name));
        properties.insert("LayerName".to_owned(), self.variables.value(&own_name));
        for (key, property) in [
            ("compatibleRuntimes", "CompatibleRuntimes"),
            ("compatibleArchitectures", "CompatibleArchitectures"),
        ] {
            if let Some(value) = layer.get(key) {
                properties.insert(property.to_owned(), self.variables.value(value));
            }
        }
        let id = format!("{}LambdaLayer", normalized(name));
        let resource = json!({ "Type": "AWS::Lambda::LayerVersion", "Properties": properties });
        self.resources.insert(id, resource);
    }

    /// What the service adds in CloudFormation's words, as one mapping or as a list of them.
    fn own_template(&mut self, resources: Option<&Json>) -> Map<String, Json> {
        let mut template = Map::new();
        let (parts, is_list) = match resources {
            Some(Json::Array(parts)) => (parts.as_slice(), true),
            Some(one) => (std::slice::from_ref(one), false),
            None => (Default::default(), false),
        };
        for (index, part) in parts.iter().enumerate() {
            for section in ["Parameters", "Conditions", "Mappings", "Resources"] {
                let Some(Json::Object(added)) = part.get(section) else {
                    continue;
                };
                if section == "Resources" {
                    let mut list = keys(&["resources"]);
                    list.extend(is_list.then_some(Way::Item(index)));
                    list.push(Way::Key(section.to_owned()));
                    for id in added.keys() {
                        let place = below(&list, &[id]);
                        let written = WrittenFunction {
                            name: id.clone(),
                            layers: below(&place, &["Properties", "Layers"]),
                            place,
                        };
                        self.functions.insert(id.clone(), written);
                    }
                }
                let added = added.iter().map(|(key, value)| {
                    let value = self.variables.value(value);
                    (key.clone(), value)
                });
                merge(&mut template, section, added.collect());
            }
        }
        template
    }
}

/// What a key at the top lists by name: a mapping, or a list of mappings, which the framework puts
/// together.
fn listed<'w>(written: &'w Json, key: &str) -> Vec<(Vec<Way>, &'w str, &'w Json)> {
    let top = keys(&[key]);
    let mut found = Vec::new();
    match written.get(key) {
        Some(Json::Object(all)) => {
            found.extend(
                all.iter()
                    .map(|(name, value)| (below(&top, &[name]), name.as_str(), value)),
            );
        }
        Some(Json::Array(parts)) => {
            for (index, part) in parts.iter().enumerate() {
                let mut list = top.clone();
                list.push(Way::Item(index));
                for (name, value) in part.as_object().into_iter().flatten() {
                    found.push((below(&list, &[name]), name.as_str(), value));
                }
            }
        }
        _ => {}
    }
    found
}

fn below(way: &[Way], names: &[&str]) -> Vec<Way> {
    let mut way = way.to_vec();
    way.extend(keys(names));
    way
}

/// Whether a property is more than a key without a value.
fn is_given(value: &Json) -> bool {
    !value.is_null()
}

fn merge(template: &mut Map<String, Json>, section: &str, added: Map<String, Json>) {
    let entry = template.entry(section).or_insert_with(|| json!({}));
    if let Json::Object(known) = entry {
        known.extend(added);
    }
}

/// A name as the framework writes it in logical IDs.
fn normalized(name: &str) -> String {
    let name = name.replace('-', "Dash").replace('_', "Underscore");
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
