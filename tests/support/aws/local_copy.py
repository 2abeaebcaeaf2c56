"""The copy of the translated template that MiniStack can make: everything that it does not know is taken out or said in
another way, and told. Whatever is not told here is created as people deploy it."""

import copy

# Types that MiniStack does not know.
UNKNOWN = {
    "AWS::Budgets::Budget", "AWS::CloudFront::KeyGroup", "AWS::CloudFront::PublicKey", "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
}
# The ids of the keys A and B.
KEY_ID, OTHER_KEY_ID = "KLOCALTESTKEY", "KLOCALTESTKEYB"


def local_copy(translated, port):
    """The copy, and what is different in it."""
    done = copy.deepcopy(translated)
    resources, told = done["Resources"], []

    for name in [name for name, resource in resources.items() if resource["Type"] in UNKNOWN]:
        del resources[name]
        told.append(f"without {name}")

    photos = resources["PhotosDistribution"]["Properties"]["DistributionConfig"]["DefaultCacheBehavior"]
    del photos["TrustedKeyGroups"]
    told.append("PhotosDistribution asks for no signature: the tests' edge does")
    signer = {"Fn::If": ["SignsWithA", KEY_ID, OTHER_KEY_ID]}
    resources["ApiFunction"]["Properties"]["Environment"]["Variables"]["QDN_CLOUDFRONT_KEY_ID"] = signer
    resources["ApiSettings"]["Properties"]["Content"]["Fn::Sub"][1]["KeyId"] = signer
    told.append("QDN_CLOUDFRONT_KEY_ID is the edge's")

    for name, resource in resources.items():
        if resource["Type"] == "AWS::Lambda::Alias":
            del resource["UpdatePolicy"]
            told.append(f"{name} moves at once")

    # It compares a number with the parameter's text.
    resources["PhotoFunctionUploads"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 2
    told.append("PhotoFunctionUploads has two functions at once")

    # It reads this only from the resource.
    api = resources["Api"]["Properties"]
    api["BinaryMediaTypes"] = api["Body"]["x-amazon-apigateway-binary-media-types"]
    told.append("Api names its binary types twice")

    # And these only as resources of their own.
    responses = resources["Api"]["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
    for kind, response in responses.items():
        resources[f"ApiResponse{kind.replace('_', '')}"] = {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResponseType": kind,
                "ResponseParameters": response["responseParameters"],
                "ResponseTemplates": response["responseTemplates"],
                **({"StatusCode": str(response["statusCode"])} if "statusCode" in response else {}),
            },
        }
        told.append(f"the answer to {kind} is a resource")
    for resource in resources.values():
        if resource["Type"] == "AWS::ApiGateway::Deployment":
            resource["DependsOn"] = [name for name in resources if name.startswith("ApiResponse")]

    # Its API Gateway is at its own address, without TLS.
    origins = resources["WebDistribution"]["Properties"]["DistributionConfig"]["Origins"]
    (origin,) = [origin for origin in origins if origin["Id"] == "api"]
    origin["DomainName"] = "localhost"
    origin["OriginPath"] = {"Fn::Sub": "/_aws/execute-api/${Api}/${StageName}"}
    origin["CustomOriginConfig"] = {"OriginProtocolPolicy": "http-only", "HTTPPort": port}
    told.append("WebDistribution finds the API at MiniStack's address")
    return done, told
